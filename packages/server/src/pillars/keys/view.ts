import { RateLimits, toRfc3339 } from "portico/kernel";
import { Type } from "typebox";
import type { Static } from "typebox";
import { listIn } from "./grant.ts";
import { Quota, readLimits } from "./limits.ts";
import type { KeyRow } from "./tables.ts";

/** `*`, `notes:*` or `notes:read`. */
export const Permission = Type.String({
  pattern: "^(?:\\*|[a-z][A-Za-z0-9.-]*:(?:\\*|[a-z][A-Za-z0-9.-]*))$",
  maxLength: 128,
});

const Time = Type.String({ format: "date-time" });
const NullableText = Type.Union([Type.String(), Type.Null()]);
const NullableTime = Type.Union([Time, Type.Null()]);
/** Networks that a key may be used from. */
export const Addresses = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
  minItems: 1,
  maxItems: 100,
});
/** Fronted API → version. */
export const Pins = Type.Record(
  Type.String({ pattern: "^[a-z][a-z0-9-]{0,62}$" }),
  Type.String({ minLength: 1, maxLength: 64 }),
  {
    additionalProperties: false,
    description: "Versions of fronted APIs that this key is bound to.",
  },
);

const fields = {
  id: Type.String(),
  name: Type.String(),
  permissions: Type.Array(Type.String()),
  environment: Type.String(),
  rateLimit: Type.Union([RateLimits, Type.Null()], {
    description: "Requests per minute, or another limit; null for none of its own.",
  }),
  quotas: Type.Array(Quota),
  userId: NullableText,
  ipAllow: Type.Union([Type.Array(Type.String()), Type.Null()], {
    description: "Networks that it may be used from; null for any.",
  }),
  pins: Pins,
  createdAt: Time,
  createdBy: Type.String(),
  expiresAt: NullableTime,
  revokedAt: NullableTime,
  disabledAt: NullableTime,
  lastUsedAt: Type.Union([Time, Type.Null()], { description: "Up to half a minute behind." }),
  rotatedAt: NullableTime,
  previous: Type.Union([Type.Object({ expiresAt: Time, lastUsedAt: NullableTime }), Type.Null()], {
    description: "The secret before the last rotation: until when it opens, and its last use.",
  }),
  active: Type.Boolean({ description: "Neither revoked, disabled nor expired." }),
  metadata: Type.Record(Type.String(), Type.Unknown()),
  revision: Type.Integer(),
};

/** One key as callers see it: everything but its text. */
export const KeyView = Type.Object(fields);

/** One key as callers see it. */
export type KeyView = Static<typeof KeyView>;

/** The answer to a creation or rotation: the only place where the text of a key is ever shown. */
export const CreatedKeyView = Type.Object({
  ...fields,
  key: Type.Union([Type.String(), Type.Null()], {
    description:
      "The key itself, shown this once. null when the same Idempotency-Key is answered again.",
  }),
});

/** Makes the view of a row at a time. */
export function toView(row: KeyRow, nowMs: number): KeyView {
  const isLive = row.expires_at === null || row.expires_at > nowMs;
  return {
    id: row.id,
    name: row.name,
    permissions: listIn(row.permissions) ?? [],
    environment: row.environment,
    ...limitsView(row),
    userId: row.user_id,
    ipAllow: listIn(row.ip_allow) ?? null,
    // Written by this pillar from objects that the schema had accepted.
    pins: row.pins === null ? {} : (JSON.parse(row.pins) as Record<string, string>),
    createdAt: toRfc3339(row.created_at),
    createdBy: row.created_by,
    expiresAt: timeOf(row.expires_at),
    revokedAt: timeOf(row.revoked_at),
    disabledAt: timeOf(row.disabled_at),
    lastUsedAt: timeOf(row.last_used_at),
    rotatedAt: timeOf(row.rotated_at),
    previous:
      row.previous_until === null
        ? null
        : {
            expiresAt: toRfc3339(row.previous_until),
            lastUsedAt: timeOf(row.previous_used_at),
          },
    active: row.revoked_at === null && row.disabled_at === null && isLive,
    metadata: JSON.parse(row.metadata) as Record<string, unknown>,
    revision: row.revision,
  };
}

function limitsView(row: KeyRow): Pick<KeyView, "rateLimit" | "quotas"> {
  const { rateLimit, quotas } = readLimits(row);
  return { rateLimit, quotas: [...quotas] };
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : toRfc3339(ms);
}
