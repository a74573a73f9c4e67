import { Type } from "typebox";
import type { Static } from "typebox";
import { RateLimit } from "portico/kernel";

/** What an operator sets under `limits`. */
export const LimitSettings = Type.Object({
  policies: Type.Record(Type.String(), RateLimit, {
    default: {},
    description:
      "Policies by name, for keys, routes, operations and POST /limits/check. Wherever a name is used, it is one count.",
  }),
  xRateLimitHeaders: Type.Boolean({
    default: false,
    description: "Send X-RateLimit-Limit, -Remaining and -Reset beside the standard headers.",
  }),
  bucketsMax: Type.Integer({
    default: 1_000_000,
    minimum: 1_000,
    description:
      "Counts held in memory for each window length; about 200 bytes each. Subjects beyond it share counts.",
  }),
});

/** The settings as the kernel has accepted them. */
export type LimitSettings = Static<typeof LimitSettings>;
