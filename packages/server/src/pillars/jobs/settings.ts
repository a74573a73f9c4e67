import { Type } from "typebox";
import type { Static } from "typebox";
import type { PluginContext } from "portico/kernel";

/** What an operator can set: `jobs: { keepDays: 7 }`. */
export const JobSettings = Type.Object({
  keepDays: Type.Integer({
    reload: true,
    minimum: 1,
    maximum: 3_650,
    default: 30,
    description: "Days for which ended jobs and past ticks are kept.",
  }),
  schedulesMax: Type.Integer({
    reload: true,
    minimum: 0,
    maximum: 100_000,
    default: 1_000,
    description: "Most schedules of one organization.",
  }),
});

/** The settings in force. */
export function settingsOf(ctx: PluginContext): Static<typeof JobSettings> {
  // Accepted by the schema above before the plugin was given them.
  return ctx.settings as Static<typeof JobSettings>;
}
