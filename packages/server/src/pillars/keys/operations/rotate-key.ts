import { operation, sha256, toRfc3339 } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { Keys } from "../capability.ts";
import { changeKey } from "../change.ts";
import { makeText } from "../create.ts";
import { raise } from "../errors.ts";
import { checkGrant, ownRow } from "../grant.ts";
import type { Creator } from "../grant.ts";
import { mayAll } from "../owner.ts";
import { wholeGrant } from "../whole-grant.ts";
import { CreatedKeyView, toView } from "../view.ts";

const DAY_MS = 86_400_000;

/** `POST /keys/{id}/rotate` */
export const rotateKey: Operation = operation({
  id: "keys.rotate",
  method: "POST",
  path: "/keys/{id}/rotate",
  summary: "Give an API key a new secret",
  description:
    "The id, and with it limits, counts and logs, stay. The secret before opens for `overlapMs` more, and `previous.lastUsedAt` " +
    "tells whether anybody still uses it. The new secret is shown this once; so the caller must be able to give all that the " +
    "key can do.",
  access: "keys:write",
  mode: "write",
  idempotent: true,
  onceOnly: ["key"],
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  body: Type.Object(
    {
      overlapMs: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 90 * DAY_MS,
          default: DAY_MS,
          description: "Milliseconds for which the old secret opens beside the new one; a day.",
        }),
      ),
    },
    { additionalProperties: false },
  ),
  replies: { 200: CreatedKeyView },
  errors: ["keys.notFound", "keys.exceedsCreator", "keys.revokedForGood"],
  example: {
    path: { id: "{keys.create.id}" },
    body: { overlapMs: 3_600_000 },
    after: ["keys.create"],
    refused: { "keys.revokedForGood": { after: ["keys.create", "keys.revoke"] } },
  },
  async prepare({ path, caller, read, ctx }): Promise<Creator> {
    const row = await ownRow(caller, read);
    ctx.get(Keys).distrust(path.id);
    return { caller, row, mayAll: mayAll(caller, ctx) };
  },
  async handle({ path, body, prepared, ifMatch, caller, tx, ctx }) {
    const { overlapMs = DAY_MS } = body;
    let key: string | null = null;
    const row = await changeKey({ id: path.id, caller, ctx, tx, ifMatch }, (before, nowMs) => {
      if (before.revoked_at !== null) throw raise("keys.revokedForGood", { params: path });
      checkGrant(wholeGrant(before), prepared);
      key = makeText(before.id, before.environment, ctx);
      const until = nowMs + overlapMs;
      return {
        event: "key.rotated",
        data: { previousExpiresAt: toRfc3339(until) },
        set: {
          hash: sha256(key),
          rotated_at: nowMs,
          previous_hash: before.hash,
          previous_until: until,
          previous_used_at: before.last_used_at,
        },
      };
    });
    return { ...toView(row, ctx.clock.now()), key };
  },
});
