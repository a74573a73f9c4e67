import { Type } from "typebox";
import type { Static } from "typebox";
import type { PluginContext } from "portico/kernel";

/** How the data of a type with a schema is met. */
export const Validation = Type.Union([
  Type.Literal("off"),
  Type.Literal("warn"),
  Type.Literal("enforce"),
]);

/** `off`, `warn` or `enforce`. */
export type Validation = Static<typeof Validation>;

/** What an operator can set: `events: { dataBytesMax: 1_000_000 }`. */
export const EventSettings = Type.Object({
  dataBytesMax: Type.Integer({
    reload: true,
    minimum: 1_024,
    maximum: 262_144,
    default: 262_144,
    description: "Largest data of one event, in bytes.",
  }),
  validation: Type.Union(Validation.anyOf, {
    reload: true,
    default: "warn",
    description:
      "What is done with data that does not fit the schema of its type: nothing, a warning in the answer, or a refusal. A type may say otherwise.",
  }),
  idempotencyDays: Type.Integer({
    reload: true,
    minimum: 1,
    maximum: 365,
    default: 7,
    description:
      "How long an idempotency key stands for the event it was first sent with, in days.",
  }),
  retentionDays: Type.Integer({
    reload: true,
    minimum: 0,
    maximum: 36_500,
    default: 90,
    description:
      "How long events are kept, in days; 0 keeps them for ever. What a consumer or a delivery still needs stays longer.",
  }),
  retentionDaysByType: Type.Record(
    Type.String({ pattern: "^(?:[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*(?:\\.\\*)?)$" }),
    Type.Integer({ minimum: 0, maximum: 36_500 }),
    {
      reload: true,
      default: {},
      description:
        "The same for single types, or beginnings with `*`: `invoice.*`. The longest one that fits counts.",
    },
  ),
});

/** The settings as the kernel has accepted them. */
export type EventSettings = Static<typeof EventSettings>;

/** Reads this plugin's settings from its context. */
export function settingsOf(ctx: PluginContext): EventSettings {
  // The kernel has checked them against the schema above before the plugin started.
  return ctx.settings as EventSettings;
}
