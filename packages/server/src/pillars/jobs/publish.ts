import { job, Registry } from "portico/kernel";
import type { PluginContext } from "portico/kernel";
import { Type } from "typebox";

/** An event that a schedule publishes. */
export const EventOfSchedule = Type.Object(
  {
    type: Type.String({ pattern: "^[a-zA-Z0-9_.-]{1,128}$" }),
    data: Type.Unknown({ description: "Any JSON; the same at every tick." }),
    subject: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  },
  { additionalProperties: false },
);

/** Puts the event of a schedule on the log with the end of its run: once for each tick. */
export const publish = job({
  input: EventOfSchedule,
  shows: ["type", "subject"],
  run: ({ ctx, input }) => {
    const { type, data, subject } = input;
    const owner = ownerOf(type, ctx);
    if (owner !== undefined) {
      const error = `Events of the type '${type}' are told by the plugin '${owner}' alone, which came after the schedule.`;
      return Promise.resolve({ kind: "fail", error });
    }
    return Promise.resolve({
      kind: "done",
      with: (batch) => void batch.emit(type, data, subject === undefined ? {} : { subject }),
    });
  },
});

/** The plugin that declares a type, and alone may tell such events. */
export function ownerOf(type: string, ctx: PluginContext): string | undefined {
  return ctx.get(Registry).events.find((known) => known.type === type)?.owner;
}
