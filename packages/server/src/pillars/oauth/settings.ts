import type { PluginContext } from "portico/kernel";
import { Type } from "typebox";
import type { Static } from "typebox";

/** What an operator can set: `oauth: { name: "Acme", accent: "#0a6" }`. */
export const OAuthSettings = Type.Object({
  name: Type.String({
    minLength: 1,
    maxLength: 100,
    default: "Portico",
    description: "How the pages for signing in call this service.",
  }),
  logoUrl: Type.Optional(
    Type.String({
      pattern: "^https://[^\\s\"'<>;,]+$",
      maxLength: 500,
      description: "An image above the forms for signing in.",
    }),
  ),
  accent: Type.String({
    pattern: "^#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$",
    default: "#1a56db",
    description: "Colour of the pages' buttons.",
  }),
  hosts: Type.Array(Type.String({ pattern: "^[A-Za-z0-9.:\\[\\]-]{1,255}$" }), {
    maxItems: 20,
    default: [],
    description:
      "Names, with their ports, under which the endpoints may be reached beside that of `server.publicUrl`.",
  }),
  accessTokenSeconds: Type.Integer({
    minimum: 300,
    maximum: 900,
    default: 600,
    description: "Life of access tokens.",
  }),
  refreshIdleDays: Type.Integer({
    minimum: 1,
    maximum: 90,
    default: 14,
    description: "A refresh token that nobody uses for so long ends.",
  }),
  refreshMaxDays: Type.Integer({
    minimum: 1,
    maximum: 365,
    default: 90,
    description: "However often it is refreshed, a sign-in ends after so many days.",
  }),
});

/** The settings as the kernel has accepted them. */
export type OAuthSettings = Static<typeof OAuthSettings>;

/** Reads this plugin's settings from its context. */
export function settingsOf(ctx: PluginContext): OAuthSettings {
  // The kernel has checked them against the schema above before the plugin started.
  return ctx.settings as OAuthSettings;
}
