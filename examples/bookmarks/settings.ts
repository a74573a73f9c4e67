import type { PluginContext } from "portico/kernel";
import { Type } from "typebox";
import type { Static } from "typebox";

export const Settings = Type.Object({
  titleMax: Type.Integer({ minimum: 1, default: 200, description: "Characters of a title" }),
});

/** The settings as the kernel has accepted them. */
export function settingsOf(ctx: PluginContext): Static<typeof Settings> {
  // The kernel has checked them against the schema above before anything starts.
  return ctx.settings as Static<typeof Settings>;
}
