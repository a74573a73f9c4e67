import { Type } from "typebox";
import type { Static } from "typebox";
import { toRfc3339 } from "portico/kernel";
import type { KeyRow } from "./tables.ts";

/** `*`, `notes:*` or `notes:read`. */
export const Permission = Type.String({
  pattern: "^(?:\\*|[a-z][A-Za-z0-9.-]*:(?:\\*|[a-z][A-Za-z0-9.-]*))$",
  maxLength: 128,
});

const NullableText = Type.Union([Type.String(), Type.Null()]);
const NullableTime = Type.Union([Type.String({ format: "date-time" }), Type.Null()]);

const fields = {
  id: Type.String(),
  name: Type.String(),
  permissions: Type.Array(Type.String()),
  environment: Type.String(),
  rateLimit: Type.Union([Type.Integer(), Type.Null()], {
    description: "Requests per minute; null for no limit of its own.",
  }),
  userId: NullableText,
  createdAt: Type.String({ format: "date-time" }),
  expiresAt: NullableTime,
  revokedAt: NullableTime,
  lastUsedAt: Type.Union([Type.String({ format: "date-time" }), Type.Null()], {
    description: "Up to half a minute behind.",
  }),
  active: Type.Boolean({ description: "Neither revoked nor expired." }),
  metadata: Type.Record(Type.String(), Type.Unknown()),
};

/** One key as callers see it: everything but its text. */
export const KeyView = Type.Object(fields);

/** One key as callers see it. */
export type KeyView = Static<typeof KeyView>;

/** The answer to a creation: the only place where the text of a key is ever shown. */
export const CreatedKeyView = Type.Object({
  ...fields,
  key: Type.Union([Type.String(), Type.Null()], {
    description:
      "The key itself, shown this once. null when the same Idempotency-Key is answered again.",
  }),
});

/** Makes the view of a row at a time. */
export function toView(row: KeyRow, nowMs: number): KeyView {
  return {
    id: row.id,
    name: row.name,
    permissions: readList(row.permissions),
    environment: row.environment,
    rateLimit: row.rate_limit,
    userId: row.user_id,
    createdAt: toRfc3339(row.created_at),
    expiresAt: row.expires_at === null ? null : toRfc3339(row.expires_at),
    revokedAt: row.revoked_at === null ? null : toRfc3339(row.revoked_at),
    lastUsedAt: row.last_used_at === null ? null : toRfc3339(row.last_used_at),
    active: row.revoked_at === null && (row.expires_at === null || row.expires_at > nowMs),
    // Written by this pillar from an object that the schema had accepted.
    metadata: JSON.parse(row.metadata) as Record<string, unknown>,
  };
}

/** Reads a list of permissions as this pillar wrote it. */
export function readList(json: string): string[] {
  return JSON.parse(json) as string[];
}
