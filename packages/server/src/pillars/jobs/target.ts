import { Schedules } from "portico/kernel";
import type { Caller, PluginContext, ScheduledJob } from "portico/kernel";
import { Type } from "typebox";
import type { Static } from "typebox";
import { raise } from "./errors.ts";
import { EventOfSchedule, ownerOf } from "./publish.ts";

/** What a schedule does, as callers write it: one of the two. */
export const targetFields = {
  event: Type.Optional(EventOfSchedule),
  job: Type.Optional(
    Type.Object(
      {
        name: Type.String({
          pattern: "^[a-z][a-zA-Z0-9-]{0,63}\\.[a-zA-Z][a-zA-Z0-9]{0,63}$",
          description: "Of plugin and job, where the plugin lets callers schedule it.",
        }),
        input: Type.Optional(Type.Unknown()),
      },
      { additionalProperties: false, description: "A job that its plugin lets callers schedule." },
    ),
  ),
};

const Target = Type.Object(targetFields);

/**
 * The job that does it, if this caller could do the same without a schedule: publish the event, or have what the job's
 * plugin asks for. Undefined when neither is given.
 */
export function readTarget(
  { event, job }: Static<typeof Target>,
  { caller, ctx }: { readonly caller: Caller; readonly ctx: PluginContext },
): ScheduledJob | undefined {
  if (event !== undefined && job !== undefined) throw raise("jobs.eventOrJob");
  if (event !== undefined) {
    mustHold("events:write", { caller, ctx });
    const owner = ownerOf(event.type, ctx);
    if (owner !== undefined) {
      throw raise("jobs.reservedType", { params: { type: event.type, owner } });
    }
    return { plugin: "jobs", name: "publish", input: event };
  }
  if (job === undefined) return undefined;
  const [plugin = "", name = ""] = job.name.split(".");
  const permission = ctx.get(Schedules).callable(plugin, name);
  if (permission !== undefined) mustHold(permission, { caller, ctx });
  // A job that no caller may schedule is as one that is not there; both are refused where the schedule is stored.
  return { plugin, name: permission === undefined ? "" : name, input: job.input ?? null };
}

function mustHold(
  permission: string,
  { caller, ctx }: { readonly caller: Caller; readonly ctx: PluginContext },
): void {
  if (!ctx.access.can(caller, permission).allowed) {
    throw raise("jobs.mayNotSchedule", { params: { permission } });
  }
}
