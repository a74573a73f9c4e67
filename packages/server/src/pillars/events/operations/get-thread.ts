import { Type } from "typebox";
import { operation, Timeline, toRfc3339 } from "portico/kernel";
import { raise } from "../errors.ts";
import { arrange } from "../thread.ts";

const ThreadEntry = Type.Object({
  kind: Type.String({ description: "`request`, `event`, `delivery`, `attempt`, …" }),
  id: Type.String(),
  cause: Type.Union([Type.String(), Type.Null()]),
  depth: Type.Integer({ description: "0 for the beginning; one more than its cause." }),
  at: Type.String({ format: "date-time" }),
  summary: Type.String(),
  details: Type.Record(Type.String(), Type.Unknown()),
});

/** `GET /events/{id}/thread`: everything that hangs on the thread of one event, from all plugins. */
export const getThread = operation({
  id: "events.thread",
  method: "GET",
  path: "/events/{id}/thread",
  summary: "Show what led to an event and what it caused",
  description:
    "The request, the events, their deliveries and each attempt, as a tree written in reading order: `depth` tells how " +
    "far an entry is from the beginning, and `cause` which entry led to it.",
  access: "events:read",
  mode: "read",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 200: Type.Object({ data: Type.Array(ThreadEntry), next: Type.Null() }) },
  errors: ["events.notFound"],
  example: { path: { id: "{events.publish.id}" }, after: ["events.publish"] },
  async handle({ path, caller, ctx }) {
    const { organization } = caller;
    const event = await ctx.log.find(organization, path.id);
    if (event === undefined) throw raise("events.notFound", { params: { id: path.id } });
    const told = await Promise.all(
      ctx
        .contributions(Timeline)
        .map(({ value, ctx: own }) => value.entries({ organization, trace: event.trace }, own)),
    );
    return {
      data: arrange(told.flat()).map((entry) => ({ ...entry, at: toRfc3339(entry.at) })),
      next: null,
    };
  },
});
