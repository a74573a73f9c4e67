import { Buffer } from "node:buffer";
import { Type } from "typebox";
import { equalSecrets, operation, toRfc3339 } from "portico/kernel";
import { holdWebhook } from "../change.ts";
import { OWNER } from "../owner.ts";
import { acceptSecret } from "../secret.ts";
import { newSecret } from "../sign.ts";
import { WEBHOOK_CHANGED } from "../tables.ts";
import type { LiveSecret, WebhookTables } from "../tables.ts";
import { secretPlace, secretsPlace } from "../target.ts";

const DAY_MS = 86_400_000;
/** Each live secret is one more signature of every attempt. */
const LIVE_MAX = 5;

/** `POST /webhooks/{id}/rotate-secret`: a new secret, beside which the old one signs for a while. */
export const rotateSecret = operation({
  id: "webhooks.rotateSecret",
  method: "POST",
  path: "/webhooks/{id}/rotate-secret",
  summary: "Replace the signing secret",
  description:
    "The answer carries the new secret, once. For `overlapMs` (24 hours when left out) every attempt is signed with both, " +
    "so that the receiver may change over at any time; with 0 the old one ends at once.",
  access: "webhooks:write",
  mode: "write",
  keepsTo: [OWNER],
  idempotent: true,
  onceOnly: ["secret"],
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  body: Type.Object(
    {
      secret: Type.Optional(
        Type.String({ maxLength: 128, description: "One of your own; else one is made." }),
      ),
      overlapMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 7 * DAY_MS, default: DAY_MS })),
    },
    { additionalProperties: false },
  ),
  replies: {
    200: Type.Object({
      id: Type.String(),
      secret: Type.String({ description: "`whsec_…`; shown once." }),
      previousExpiresAt: Type.String({ format: "date-time" }),
    }),
  },
  errors: ["webhooks.notFound", "webhooks.stale", "webhooks.badSecret"],
  example: { path: { id: "{webhooks.create.id}" }, body: {}, after: ["webhooks.create"] },
  async handle({ path, body, ifMatch, caller, tx, ctx }) {
    const now = ctx.clock.now();
    const secret =
      body.secret === undefined ? newSecret(ctx.fillRandom) : acceptSecret(body.secret);
    const { id, revision } = await holdWebhook(tx, { idOrSlug: path.id, ifMatch, now, caller });
    const db = tx.db<WebhookTables>();
    const row = await db
      .selectFrom("webhooks_webhooks")
      .select(["secret", "secrets"])
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
    const { organization } = caller;
    const places = [secretPlace(organization, id), secretsPlace(organization, id)] as const;
    const before: readonly LiveSecret[] =
      row.secrets === null
        ? [{ secret: ctx.secrets.open(row.secret, places[0]), expiresAt: null }]
        : (JSON.parse(ctx.secrets.open(row.secrets, places[1])) as LiveSecret[]);
    const expiresAt = now + (body.overlapMs ?? DAY_MS);
    await db
      .updateTable("webhooks_webhooks")
      .set({
        secret: ctx.secrets.seal(secret, places[0]),
        secrets: ctx.secrets.seal(
          JSON.stringify(rotated(before, secret, { expiresAt, now })),
          places[1],
        ),
        revision: revision + 1,
        updatedAt: now,
      })
      .where("id", "=", id)
      .execute();
    tx.changed(WEBHOOK_CHANGED, id);
    return { id, secret, previousExpiresAt: toRfc3339(expiresAt) };
  },
});

/** The new one first; those before it sign until `expiresAt`, or for as long as they had. */
function rotated(
  before: readonly LiveSecret[],
  secret: string,
  { expiresAt, now }: { readonly expiresAt: number; readonly now: number },
): readonly LiveSecret[] {
  const older = before
    .filter((each) => !equalSecrets(Buffer.from(each.secret), Buffer.from(secret)))
    .map((each) => ({ ...each, expiresAt: Math.min(each.expiresAt ?? expiresAt, expiresAt) }))
    .filter((each) => each.expiresAt > now);
  return [{ secret, expiresAt: null }, ...older].slice(0, LIVE_MAX);
}
