import { Type } from "typebox";
import type { Static } from "typebox";
import type { PluginContext } from "portico/kernel";

/** What an operator can set about accounts and passwords. */
export const peopleSettings = {
  registration: Type.Union(
    [Type.Literal("open"), Type.Literal("invitation"), Type.Literal("closed")],
    {
      default: "open",
      description:
        "Who may make an account: anybody, who holds an invitation, or nobody but the operator.",
    },
  ),
  emailRequired: Type.Boolean({
    default: false,
    description: "Whether an account needs an e-mail address.",
  }),
  passwordMemoryKiB: Type.Integer({
    minimum: 19_456,
    maximum: 1_048_576,
    default: 19_456,
    description:
      "Memory of one Argon2id hash. Hashes made by other figures stay good, and are made anew at the next sign-in.",
  }),
  passwordPasses: Type.Integer({
    minimum: 2,
    maximum: 20,
    default: 2,
    description: "Passes of Argon2id.",
  }),
  hashesAtOnce: Type.Integer({
    minimum: 0,
    maximum: 64,
    default: 0,
    description:
      "Passwords that are hashed at the same time by one process; 0 for one fewer than cores, from 1 to 3. " +
      "Above 3, set `UV_THREADPOOL_SIZE` higher too.",
  }),
  hashesWaitingMax: Type.Integer({
    minimum: 0,
    maximum: 10_000,
    default: 64,
    description: "Passwords that wait for their turn; further ones are answered 503 at once.",
  }),
  guessesFree: Type.Integer({
    minimum: 3,
    maximum: 100,
    default: 10,
    description:
      "Wrong passwords for one account before each further try has to wait: 1 s, 2 s, 4 s, … up to 15 minutes. A device on " +
      "which its owner has signed in before has a count of its own.",
  }),
  guessesFreePerAddress: Type.Integer({
    minimum: 10,
    maximum: 100_000,
    default: 50,
    description:
      "Wrong passwords from one address (of IPv6, one /64) before its tries have to wait, up to 5 minutes; one is forgiven " +
      "every minute.",
  }),
  resetPage: Type.Optional(
    Type.String({
      pattern: "^https?://[^\\s]+\\{token\\}",
      maxLength: 2_000,
      description:
        "Page of your application for a new password, with `{token}` in it; Portico's own when left out.",
    }),
  ),
  verifyPage: Type.Optional(
    Type.String({
      pattern: "^https?://[^\\s]+\\{token\\}",
      maxLength: 2_000,
      description:
        "Page of your application that confirms an e-mail address, with `{token}` in it; Portico's own when left out.",
    }),
  ),
};

const Whole = Type.Object(peopleSettings);

/** The settings as the kernel has accepted them. */
export type PeopleSettings = Static<typeof Whole>;

/** Reads this room's settings from the pillar's context. */
export function settingsOf(ctx: PluginContext): PeopleSettings {
  // The kernel has checked them against the schema above before the plugin started.
  return ctx.settings as PeopleSettings;
}
