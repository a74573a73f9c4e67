import { Type } from "typebox";
import type { Static } from "typebox";
import type { PluginContext } from "portico/kernel";

/** The log takes no larger event. */
const EVENT_BYTES_MAX = 262_144;

/** What an operator can set: `sources: { messageDays: 90 }`. */
export const SourceSettings = Type.Object({
  bodyBytesMax: Type.Integer({
    minimum: 1_024,
    maximum: EVENT_BYTES_MAX,
    default: EVENT_BYTES_MAX,
    description: "Largest message that is taken, in bytes.",
  }),
  messageDays: Type.Integer({
    reload: true,
    minimum: 7,
    maximum: 3_650,
    default: 30,
    description:
      "Days for which messages are kept; for as long, a message that comes again is known by its sender's id.",
  }),
  quarantinePerSecond: Type.Integer({
    minimum: 1,
    maximum: 1_000,
    default: 10,
    description: "Refused messages that are kept of one source in one second, by each process.",
  }),
  quarantineMax: Type.Integer({
    minimum: 10,
    maximum: 100_000,
    default: 1_000,
    description: "Refused messages that are kept of one source at all.",
  }),
});

/** The settings as the kernel has accepted them. */
export type SourceSettings = Static<typeof SourceSettings>;

/** Reads this plugin's settings from its context. */
export function settingsOf(ctx: PluginContext): SourceSettings {
  // The kernel has checked them against the schema above before the plugin started.
  return ctx.settings as SourceSettings;
}
