import { Type } from "typebox";
import type { Static } from "typebox";
import type { PluginContext } from "portico/kernel";

/** What an operator can set of second factors: `identity: { mfa: { issuer: "Acme" } }`. */
const Mfa = Type.Object(
  {
    issuer: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        pattern: "^[^:\\x00-\\x1f\\x7f]+$",
        description:
          "What authenticator apps call the application; the host of the server's address when left out.",
      }),
    ),
    guessesFree: Type.Integer({
      minimum: 3,
      maximum: 100,
      default: 10,
      description:
        "Wrong one-time codes of one person before each further try has to wait: 30 s, 1 min, 2 min, … up to an hour.",
    }),
  },
  { default: {} },
);

/** The settings of this room. */
export const factorSettings = { mfa: Mfa } as const;

/** Reads the room's settings from the pillar's. */
export function settingsOf(ctx: PluginContext): Static<typeof Mfa> {
  // The kernel has checked them against the schema above before the plugin started.
  return (ctx.settings as { readonly mfa: Static<typeof Mfa> }).mfa;
}
