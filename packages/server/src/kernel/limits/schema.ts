import { Type } from "typebox";
import type { Static } from "typebox";

const LIMIT_MAX = 1_000_000_000;
const WINDOW_MS_MAX = 31 * 86_400_000;
const count = (description: string) =>
  Type.Integer({ minimum: 1, maximum: LIMIT_MAX, description });

const Window = Type.Union(
  [
    Type.Enum(["second", "minute", "hour", "day", "month", "fixed"]),
    Type.Integer({ minimum: 1, maximum: WINDOW_MS_MAX }),
  ],
  {
    description: "A number is milliseconds; `fixed` is a minute that begins with the clock's.",
  },
);

const Action = Type.Union(
  [
    Type.Literal("refuse"),
    Type.Object(
      {
        delayMs: Type.Integer({ minimum: 1, maximum: 60_000 }),
        queueMax: Type.Integer({ minimum: 1, maximum: 10_000 }),
      },
      { additionalProperties: false },
    ),
  ],
  {
    description: "Refuse, or hold back for at most so long with at most so many waiting.",
  },
);

const Options = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        pattern: "^[A-Za-z][A-Za-z0-9._-]{0,62}$",
        description: "Its name in the headers; made of the figures when left out.",
      }),
    ),
    limit: Type.Optional(count("Calls in one window.")),
    window: Type.Optional(Window),
    algorithm: Type.Optional(
      Type.Enum(["bucket", "fixed"], {
        description: "A bucket refills steadily; fixed begins anew with each window of UTC.",
      }),
    ),
    burst: Type.Optional(count("Most that a bucket lets through at once.")),
    per: Type.Optional(
      Type.Enum(["key", "user", "organization", "ip", "operation", "api", "global"], {
        description: "Whose calls are counted together.",
      }),
    ),
    cost: Type.Optional(count("What one call takes.")),
    action: Type.Optional(Action),
    onStoreFailure: Type.Optional(
      Type.Enum(["open", "closed"], {
        description: "While the store of long windows is away: let pass, or answer 503.",
      }),
    ),
    concurrency: Type.Optional(count("Calls under way at one time, in each process.")),
  },
  { additionalProperties: false },
);

/**
 * One limit as people write it: requests per minute, a rate (`"10/s"`), the name of a policy, or an object. Shared by keys,
 * routes and the policies of the installation. What a schema cannot say is said by `readLimit`.
 */
export const RateLimit = Type.Union(
  [
    Type.Integer({ minimum: 1, maximum: LIMIT_MAX }),
    Type.String({ pattern: "^(?:[1-9]\\d{0,9}/(?:s|min|h|d)|[A-Za-z][A-Za-z0-9._-]{0,62})$" }),
    Options,
  ],
  {
    description: "Requests per minute, a rate such as 10/s, the name of a policy, or an object.",
  },
);
/** One limit as people write it. */
export type RateLimit = Static<typeof RateLimit>;

/** One limit, or several that apply together. */
export const RateLimits = Type.Union(
  [...RateLimit.anyOf, Type.Array(RateLimit, { minItems: 1, maxItems: 8 })],
  {
    description:
      "Requests per minute, a rate such as 10/s, the name of a policy, an object, or a list of these.",
  },
);
/** One limit, or several that apply together. */
export type RateLimits = Static<typeof RateLimits>;
