import { Type } from "typebox";
import type { Static } from "typebox";
import type { PluginContext } from "portico/kernel";

/** What an operator can set of sessions: `identity: { sessions: { idleDays: 7 } }`. */
const Sessions = Type.Object(
  {
    idleDays: Type.Integer({
      minimum: 1,
      maximum: 90,
      default: 14,
      description: "Days without use after which a session ends, and its refresh token with it.",
    }),
    absoluteDays: Type.Integer({
      minimum: 1,
      maximum: 365,
      default: 90,
      description: "Days after which a session ends however much it is used.",
    }),
    browserIdleMinutes: Type.Integer({
      minimum: 5,
      maximum: 1_440,
      default: 30,
      description:
        "Minutes without use after which a browser's session ends that is not remembered.",
    }),
    browserHours: Type.Integer({
      minimum: 1,
      maximum: 72,
      default: 12,
      description: "Hours after which such a session ends however much it is used.",
    }),
    perPersonMax: Type.Integer({
      minimum: 1,
      maximum: 1_000,
      default: 100,
      description: "Sessions of one person; a further one ends the one that was longest unused.",
    }),
    origins: Type.Array(
      Type.String({
        pattern: "^https?://[^/?#\\s]+$",
        expected: "an origin such as https://app.example.com",
      }),
      {
        maxItems: 100,
        default: [],
        description: "Origins beside the server's own whose pages may act with a session's cookie.",
      },
    ),
    cacheMax: Type.Integer({
      minimum: 100,
      default: 100_000,
      description: "Sessions, and access tokens, whose check is remembered in memory.",
    }),
  },
  { default: {} },
);

/** What an operator can set of access tokens: `identity: { tokens: { algorithm: "EdDSA" } }`. */
const AccessTokens = Type.Object(
  {
    algorithm: Type.Union([Type.Literal("ES256"), Type.Literal("RS256"), Type.Literal("EdDSA")], {
      default: "ES256",
      expected:
        "ES256, RS256 or EdDSA; HS256 has no public half, so nobody else could check a token without being able to make one",
      description:
        "Signs access tokens. A changed algorithm signs a day later, when verifiers know its key.",
    }),
    lifeSeconds: Type.Integer({
      minimum: 300,
      maximum: 900,
      default: 600,
      description: "Seconds that an access token is valid for.",
    }),
    audience: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: "`aud` of access tokens; the server's public address when left out.",
      }),
    ),
    keyDays: Type.Integer({
      minimum: 7,
      maximum: 365,
      default: 90,
      description: "Days that a signing key is used for.",
    }),
  },
  { default: {} },
);

/** The settings of this room. */
export const sessionSettings = { sessions: Sessions, tokens: AccessTokens } as const;

/** As the kernel has accepted them. */
export interface SessionSettings {
  readonly sessions: Static<typeof Sessions>;
  readonly tokens: Static<typeof AccessTokens>;
}

/** Reads the room's settings from the pillar's. */
export function settingsOf(ctx: PluginContext): SessionSettings {
  // The kernel has checked them against the schemas above before the plugin started.
  return ctx.settings as SessionSettings;
}
