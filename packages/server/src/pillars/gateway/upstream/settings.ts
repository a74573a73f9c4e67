import { Type } from "typebox";
import type { Static } from "typebox";

const Ms = (fallback: number, description: string) =>
  Type.Integer({ minimum: 1, maximum: 86_400_000, default: fallback, description });
const Count = (fallback: number, description: string) =>
  Type.Integer({ minimum: 1, maximum: 1_000, default: fallback, description });

/** Time limits of a call, as set for an API or a route. */
export const TimeoutSettings = Type.Object({
  connectMs: Type.Integer({
    minimum: 0,
    maximum: 86_400_000,
    default: 3_000,
    description: "Until a connection stands, and longest wait for a free one. 0: no limit.",
  }),
  firstByteMs: Type.Integer({
    minimum: 0,
    maximum: 86_400_000,
    default: 30_000,
    description: "From the end of the request to the first byte of the reply. 0: no limit.",
  }),
  idleMs: Type.Integer({
    minimum: 0,
    maximum: 86_400_000,
    default: 60_000,
    description:
      "Between two bytes of the reply or the request. A caller who is that slow is 408, an upstream 504. 0: no limit.",
  }),
  totalMs: Type.Integer({
    minimum: 0,
    maximum: 86_400_000,
    default: 0,
    description: "All of a call, with its retries. 0: no limit.",
  }),
  bodyBytesPerSecondMin: Type.Integer({
    minimum: 0,
    maximum: 1_000_000,
    default: 240,
    description:
      "What a request's body must bring in a second, on average after ten of them; else 408. 0: no limit.",
  }),
});

/** Time limits as set, each with its default. */
export type TimeoutSettings = Static<typeof TimeoutSettings>;

const Target = Type.Object({
  url: Type.String({ pattern: "^https?://", description: "Address of one instance." }),
  weight: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1_000,
      default: 1,
      description: "Its share of the calls, beside the other weights.",
    }),
  ),
});

const ActiveHealth = Type.Object(
  {
    path: Type.String({ pattern: "^/[\\x21-\\x7e]*$", description: "Asked with GET." }),
    intervalMs: Type.Optional(Ms(5_000, "Time between two checks of a target.")),
    timeoutMs: Type.Optional(Ms(2_000, "Until the head of its answer.")),
    healthyAfter: Type.Optional(Count(2, "Good answers in a row that bring a target back.")),
    unhealthyAfter: Type.Optional(Count(3, "Bad answers in a row that take a target out.")),
    statuses: Type.Optional(
      Type.Array(
        Type.Union([
          Type.Integer({ minimum: 100, maximum: 599 }),
          Type.String({ pattern: "^[1-5]xx$" }),
        ]),
        { default: ["2xx", "3xx"], minItems: 1, description: "Good answers." },
      ),
    ),
  },
  { description: "Asks each target whether it is well." },
);

const PassiveHealth = Type.Object(
  {
    failures: Type.Optional(
      Count(5, "Calls that failed (no connection, cut, malformed, too late, or 5xx)."),
    ),
    windowMs: Type.Optional(Ms(10_000, "Within this time.")),
    ejectMs: Type.Optional(Ms(10_000, "How long the target is then left out.")),
  },
  { description: "Learns from the calls themselves." },
);

const Retries = Type.Object(
  {
    max: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 10, default: 2, description: "For one call." }),
    ),
    budgetRatio: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        default: 0.2,
        description: "Retries as a share of all calls, so that they cannot double a storm.",
      }),
    ),
    on: Type.Optional(
      Type.Array(
        Type.Union([
          Type.Literal("connect"),
          Type.Literal("closed"),
          Type.Literal("timeout"),
          Type.Integer({ minimum: 500, maximum: 599 }),
        ]),
        {
          default: ["connect", "closed"],
          description:
            "connect: it never got the call. closed: it hung up before it answered. timeout: no first byte in time. Or a status.",
        },
      ),
    ),
    bodyBytesMax: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1_048_576,
        default: 65_536,
        description: "Bodies up to this size are read first, so that they can be sent again.",
      }),
    ),
  },
  {
    description:
      "Only of calls that are safe to repeat: an idempotent method or an Idempotency-Key, and no byte of a reply passed on.",
  },
);

const Breaker = Type.Object(
  {
    failureRatio: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1,
        default: 0.5,
        description: "Share of failed calls at which a target is called no more.",
      }),
    ),
    callsMin: Type.Optional(Count(20, "Calls before the share is looked at.")),
    windowMs: Type.Optional(Ms(10_000, "Time over which calls are counted.")),
    openMs: Type.Optional(Ms(5_000, "How long the target is then left alone.")),
    trialCalls: Type.Optional(
      Count(
        3,
        "Calls that are let through after that; all must succeed, or it is left alone again.",
      ),
    ),
  },
  { description: "Circuit breaker of each target." },
);

/** Several targets behind one name. */
export const GroupSettings = Type.Object({
  targets: Type.Array(Target, { minItems: 1, maxItems: 256 }),
  balance: Type.Optional(
    Type.Union(
      [Type.Literal("roundRobin"), Type.Literal("weighted"), Type.Literal("leastConnections")],
      { default: "roundRobin", description: "How calls are spread." },
    ),
  ),
  health: Type.Optional(
    Type.Object({
      active: Type.Optional(ActiveHealth),
      passive: Type.Optional(PassiveHealth),
    }),
  ),
  retries: Type.Optional(Retries),
  breaker: Type.Optional(Breaker),
});

/** Several targets as set. */
export type GroupSettings = Static<typeof GroupSettings>;

/** A group that APIs refer to by its id. */
export const NamedUpstreamSettings = Type.Object({
  id: Type.String({ pattern: "^[a-z][a-z0-9-]{0,62}$", description: "What APIs call it by." }),
  ...GroupSettings.properties,
});

/** A named group as set. */
export type NamedUpstreamSettings = Static<typeof NamedUpstreamSettings>;

/** Where an API's calls go: an address, the id of a named upstream, or a group of its own. */
export const UpstreamSettings = Type.Union(
  [Type.String({ pattern: "^(?:https?://|[a-z][a-z0-9-]{0,62}$)" }), GroupSettings],
  {
    description:
      "Address of the application, the id of one of `upstreams`, or `{targets: [{url, weight}], …}`.",
  },
);

/** Where an API's calls go, as set. */
export type UpstreamSettings = Static<typeof UpstreamSettings>;
