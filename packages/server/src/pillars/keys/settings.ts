import { Type } from "typebox";
import type { Static } from "typebox";
import type { PluginContext } from "portico/kernel";

const WORD = "^[a-z][a-z0-9]{0,15}$";

/** What an operator can set: `keys: { prefix: "acme", environments: ["live", "test"] }`. */
export const KeySettings = Type.Object({
  prefix: Type.String({
    pattern: WORD,
    default: "ptc",
    description:
      "First word of new keys, by which people and secret scanners know them. Older keys stay valid.",
  }),
  environments: Type.Array(Type.String({ pattern: WORD }), {
    minItems: 1,
    maxItems: 20,
    default: ["live", "test", "prod"],
    description:
      "Words that label keys; the first is the usual one. A label, not a partition of data.",
  }),
  queryParameter: Type.Optional(
    Type.String({
      pattern: "^[A-Za-z][A-Za-z0-9_-]{0,31}$",
      description:
        "Also take keys from this query parameter. Left out, a key in a URL is nothing: URLs end up in logs.",
    }),
  ),
  cacheMax: Type.Integer({
    minimum: 100,
    default: 100_000,
    description: "Keys whose check is remembered in memory; about 600 bytes each.",
  }),
});

/** The settings as the kernel has accepted them. */
export type KeySettings = Static<typeof KeySettings>;

/** Reads this plugin's settings from its context. */
export function settingsOf(ctx: PluginContext): KeySettings {
  // The kernel has checked them against the schema above before the plugin started.
  return ctx.settings as KeySettings;
}
