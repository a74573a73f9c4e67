import { Buffer } from "node:buffer";
import { Type } from "typebox";
import type { Static } from "typebox";
import type { Secrets } from "portico/kernel";
import type { WebhookRow } from "./tables.ts";

const DAY_MS = 86_400_000;

/** How failed tries are repeated. */
export const RetryPolicy = Type.Union(
  [
    Type.Object(
      {
        maxRetries: Type.Integer({ minimum: 0, maximum: 50 }),
        backoffMs: Type.Integer({ minimum: 100, maximum: DAY_MS }),
      },
      {
        additionalProperties: false,
        description: "`maxRetries` tries after the first, with waits of `backoffMs · 2ⁿ` ± 20 %.",
      },
    ),
    Type.Object(
      {
        schedule: Type.Array(Type.Integer({ minimum: 0, maximum: 7 * DAY_MS }), { maxItems: 50 }),
      },
      {
        additionalProperties: false,
        description: "Milliseconds to wait after each failed try, ± 20 %.",
      },
    ),
  ],
  { description: "Null: the schedule of the server." },
);
export type RetryPolicy = Static<typeof RetryPolicy>;

/** How often the receiver may be called. */
export const RateLimit = Type.Object(
  {
    limit: Type.Integer({ minimum: 1, maximum: 10_000 }),
    periodMs: Type.Integer({ minimum: 1_000, maximum: 3_600_000 }),
  },
  {
    additionalProperties: false,
    description: "At most `limit` attempts in any `periodMs`, evenly spread, over all processes.",
  },
);
export type RateLimit = Static<typeof RateLimit>;

/** Attempts to one receiver that may be under way at the same time. */
const CONCURRENCIES = [1, 2, 4, 8, 16] as const;
export const DEFAULT_CONCURRENCY = 4;

/** What becomes of a key whose delivery has failed for the last time. */
export type Exhaustion = "block" | "skip" | "park";

const Auth = Type.Union(
  [
    Type.Object(
      {
        type: Type.Literal("basic"),
        // RFC 7617 §2: the first colon ends the name.
        username: Type.String({ pattern: "^[^:\\u0000-\\u001f\\u007f]*$", maxLength: 256 }),
        password: Type.String({ pattern: "^[^\\u0000-\\u001f\\u007f]*$", maxLength: 1_024 }),
      },
      { additionalProperties: false },
    ),
    Type.Object(
      {
        type: Type.Literal("bearer"),
        token: Type.String({ pattern: "^[\\x21-\\x7e]+$", minLength: 1, maxLength: 4_096 }),
      },
      { additionalProperties: false },
    ),
  ],
  {
    description:
      "Credentials that the receiver asks for; sent as `authorization`, stored sealed, never shown again.",
  },
);
type Auth = Static<typeof Auth>;

/** Fields of a webhook that say how its deliveries are made. */
export const steeringFields = {
  format: Type.Union(
    [Type.Literal("standard"), Type.Literal("event"), Type.Literal("cloudevents")],
    {
      description:
        "Form of the body: `standard` {id, type, timestamp, data}, `event` {id, event, data, timestamp}, or " +
        "`cloudevents` (CloudEvents 1.0, structured).",
    },
  ),
  asymmetric: Type.Boolean({
    description:
      "True: attempts carry a `v1a` signature (ed25519) beside `v1`; its public key is at /webhooks/jwks.json.",
  }),
  auth: Type.Union([Auth, Type.Null()]),
  retryPolicy: Type.Union([RetryPolicy, Type.Null()]),
  rateLimit: Type.Union([RateLimit, Type.Null()]),
  concurrency: Type.Union(
    CONCURRENCIES.map((many) => Type.Literal(many)),
    { description: "Attempts under way at the same time, over all processes; 4 when left out." },
  ),
  ordering: Type.Union(
    [Type.Literal("none"), Type.Literal("block"), Type.Literal("skip"), Type.Literal("park")],
    {
      description:
        "Not `none`: events of one key are delivered one after another, and this is what happens when one is " +
        "exhausted: `block` holds up its key until it is delivered by hand, `skip` goes on with the next, `park` " +
        "holds what waits behind it and goes on with what comes later.",
    },
  ),
};

/** The same as callers see them: of credentials only the type. */
export const SteeringView = {
  format: Type.String(),
  asymmetric: Type.Boolean(),
  authType: Type.Union([Type.String(), Type.Null()]),
  retryPolicy: Type.Union([RetryPolicy, Type.Null()]),
  rateLimit: Type.Union([RateLimit, Type.Null()]),
  concurrency: Type.Integer(),
  ordering: Type.String(),
};

/** Columns that the view rests on. */
export const STEERING_COLUMNS = [
  "format",
  "isAsymmetric",
  "authType",
  "retryPolicy",
  "rateLimit",
  "concurrency",
  "ordering",
] as const;

type Plain<TColumn> = TColumn extends { readonly __select__: infer TSelected }
  ? TSelected
  : TColumn;

/** Those columns as they are read. */
export type SteeringRow = {
  readonly [TName in (typeof STEERING_COLUMNS)[number]]: Plain<WebhookRow[TName]>;
};

/** One row in the form callers see. */
export function viewSteering(row: SteeringRow): {
  [TName in keyof typeof SteeringView]: Static<(typeof SteeringView)[TName]>;
} {
  return {
    format: row.format,
    asymmetric: row.isAsymmetric === 1,
    authType: row.authType,
    retryPolicy: readRetryPolicy(row.retryPolicy),
    rateLimit: readRateLimit(row.rateLimit),
    concurrency: row.concurrency,
    ordering: row.ordering ?? "none",
  };
}

/** Reads the column; written by us, from what the schema of the operation had accepted. */
export function readRetryPolicy(json: string | null): RetryPolicy | null {
  return json === null ? null : (JSON.parse(json) as RetryPolicy);
}

/** Reads the column; written by us, from what the schema of the operation had accepted. */
export function readRateLimit(json: string | null): RateLimit | null {
  return json === null ? null : (JSON.parse(json) as RateLimit);
}

/** A webhook that is steered by nothing but the defaults. */
export const DEFAULT_STEERING: SteeringRow = {
  format: "standard",
  isAsymmetric: 0,
  authType: null,
  retryPolicy: null,
  rateLimit: null,
  concurrency: DEFAULT_CONCURRENCY,
  ordering: null,
};

/** What of a body says how deliveries are made; what is left out stays as it is. */
export interface SteeringInput {
  readonly format?: Static<typeof steeringFields.format>;
  readonly asymmetric?: boolean;
  readonly auth?: Auth | null;
  readonly retryPolicy?: RetryPolicy | null;
  readonly rateLimit?: RateLimit | null;
  readonly concurrency?: number;
  readonly ordering?: Static<typeof steeringFields.ordering>;
}

/** Where in the tables a webhook's credentials are sealed. */
export function authPlace(organization: string, id: string): readonly string[] {
  return [organization, "webhooks_webhooks", "auth", id];
}

/** The columns that these fields set, credentials sealed for the webhook. */
export function steeringColumns(
  input: SteeringInput,
  webhook: { readonly organization: string; readonly id: string },
  secrets: Pick<Secrets, "seal">,
): Partial<SteeringRow & { readonly auth: string | null }> {
  const { format, asymmetric, auth, retryPolicy, rateLimit, concurrency, ordering } = input;
  return {
    ...(format === undefined ? {} : { format }),
    ...(asymmetric === undefined ? {} : { isAsymmetric: asymmetric ? 1 : 0 }),
    ...(auth === undefined ? {} : authColumns(auth, webhook, secrets)),
    ...(retryPolicy === undefined ? {} : { retryPolicy: toJson(retryPolicy) }),
    ...(rateLimit === undefined ? {} : { rateLimit: toJson(rateLimit) }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(ordering === undefined ? {} : { ordering: ordering === "none" ? null : ordering }),
  };
}

function toJson(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

function authColumns(
  auth: Auth | null,
  { organization, id }: { readonly organization: string; readonly id: string },
  secrets: Pick<Secrets, "seal">,
): { readonly auth: string | null; readonly authType: string | null } {
  if (auth === null) return { auth: null, authType: null };
  const header =
    auth.type === "bearer"
      ? `Bearer ${auth.token}`
      : `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`;
  return { auth: secrets.seal(header, authPlace(organization, id)), authType: auth.type };
}
