import { Type } from "typebox";
import type { Static } from "typebox";
import type { PluginContext } from "portico/kernel";

/** What an operator can set: `events: { dataBytesMax: 1_000_000 }`. */
export const EventSettings = Type.Object({
  dataBytesMax: Type.Integer({
    minimum: 1_024,
    maximum: 262_144,
    default: 262_144,
    description: "Largest data of one event, in bytes.",
  }),
});

/** The settings as the kernel has accepted them. */
export type EventSettings = Static<typeof EventSettings>;

/** Reads this plugin's settings from its context. */
export function settingsOf(ctx: PluginContext): EventSettings {
  // The kernel has checked them against the schema above before the plugin started.
  return ctx.settings as EventSettings;
}
