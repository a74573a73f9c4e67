import { Type } from "typebox";
import { operation } from "portico/kernel";
import type { Tx } from "portico/kernel";
import { raise } from "../errors.ts";
import { acceptHeaders } from "../headers.ts";
import { settingsOf } from "../settings.ts";
import { acceptSecret } from "../secret.ts";
import { newSecret } from "../sign.ts";
import { keptChannels, OWNER, ownerOf } from "../owner.ts";
import { DEFAULT_STEERING, steeringColumns, steeringFields } from "../steering.ts";
import { subscriptionColumns, subscriptionFields } from "../subscription.ts";
import type { WebhookTables } from "../tables.ts";
import { headersPlace, secretPlace, WEBHOOK_CHANGED } from "../target.ts";
import { viewWebhook, webhookData, webhookFields, WebhookView } from "../view.ts";

const SLUG_PATTERN = "^[a-z][a-z0-9-]{1,62}$";

const { url, events, active, headers, description } = webhookFields;

/** `POST /webhooks`: a new endpoint, sent everything that is accepted from now on. */
export const createWebhook = operation({
  id: "webhooks.create",
  method: "POST",
  path: "/webhooks",
  summary: "Create a webhook",
  description:
    "Events accepted after this answer are delivered to the URL, signed as Standard Webhooks ask. The answer carries " +
    "the signing secret, once.",
  access: "webhooks:write",
  mode: "write",
  idempotent: true,
  keepsTo: [OWNER],
  onceOnly: ["secret"],
  body: Type.Object(
    {
      url,
      events,
      active: Type.Optional(active),
      slug: Type.Optional(Type.String({ pattern: SLUG_PATTERN })),
      headers: Type.Optional(headers),
      description: Type.Optional(description),
      secret: Type.Optional(
        Type.String({
          maxLength: 128,
          description: "A signing secret of your own: `whsec_` and 24 to 64 bytes in base64.",
        }),
      ),
      ...Type.Partial(Type.Object({ ...subscriptionFields, ...steeringFields })).properties,
    },
    { additionalProperties: false },
  ),
  replies: {
    201: Type.Object({
      ...WebhookView.properties,
      secret: Type.String({ description: "`whsec_…`; shown once." }),
    }),
  },
  errors: [
    "webhooks.badUrl",
    "webhooks.badHeader",
    "webhooks.badFilter",
    "webhooks.badSecret",
    "webhooks.tooMany",
    "webhooks.tooManyOfOwner",
    "webhooks.slugNotYours",
    "webhooks.slugTaken",
  ],
  example: {
    body: { url: "https://example.com/hooks", events: ["invoice.*", "webhook.*"] },
    refused: {
      "webhooks.slugTaken": {
        body: { url: "https://example.com/hooks", events: ["invoice.*"], slug: "billing" },
        times: 2,
      },
    },
  },
  async handle({ body, caller, tx, ctx }) {
    const reason = ctx.outbound.objection(body.url);
    if (reason !== undefined) throw raise("webhooks.badUrl", { params: { reason } });
    const { organization } = caller;
    const extra = acceptHeaders(body.headers ?? {});
    const id = ctx.makeId("webhook");
    const secret =
      body.secret === undefined ? newSecret(ctx.fillRandom) : acceptSecret(body.secret);
    const keptTo = ownerOf(caller);
    const owner = keptTo ?? body.owner ?? null;
    const channels = keptChannels(caller) ?? body.channels ?? [];
    if (keptTo !== undefined) {
      if (body.slug !== undefined) throw raise("webhooks.slugNotYours");
      await refuseTooManyOf(tx, keptTo, settingsOf(ctx).ownerWebhooksMax);
    }
    await refuseTooMany(tx, settingsOf(ctx).webhooksMax);
    const now = ctx.clock.now();
    const { auth = null, ...steering } = steeringColumns(body, { organization, id }, ctx.secrets);
    const isOn = body.active ?? true;
    const row = {
      id,
      slug: body.slug ?? null,
      url: body.url,
      events: JSON.stringify(body.events),
      description: body.description ?? "",
      headerNames: JSON.stringify(Object.keys(extra)),
      isActive: isOn ? 1 : 0,
      disabledReason: isOn ? null : "caller",
      revision: 1,
      createdAt: now,
      updatedAt: now,
      filter: null,
      ...subscriptionColumns(body),
      channels: JSON.stringify(channels),
      owner,
      ...DEFAULT_STEERING,
      ...steering,
    };
    const { numInsertedOrUpdatedRows: inserted } = await tx
      .db<WebhookTables>()
      .insertInto("webhooks_webhooks")
      .values({
        ...row,
        auth,
        secret: ctx.secrets.seal(secret, secretPlace(organization, id)),
        headers: ctx.secrets.seal(JSON.stringify(extra), headersPlace(organization, id)),
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (Number(inserted) === 0) {
      throw raise("webhooks.slugTaken", { params: { slug: body.slug ?? "" } });
    }
    tx.changed(WEBHOOK_CHANGED, id);
    tx.emit("webhook.created", webhookData(row), { subject: id });
    return { ...viewWebhook(row), secret };
  },
});

// Two who create at once may both find room: a bound on growth, not an invariant, and worth no lock.
async function refuseTooMany(tx: Tx, max: number): Promise<void> {
  const { count } = await tx
    .db<WebhookTables>()
    .selectFrom("webhooks_webhooks")
    .select((row) => row.fn.countAll().as("count"))
    .executeTakeFirstOrThrow();
  if (Number(count) >= max) throw raise("webhooks.tooMany", { params: { max } });
}

// Else one customer's links could use up what the organization may have.
async function refuseTooManyOf(tx: Tx, owner: string, max: number): Promise<void> {
  const { count } = await tx
    .db<WebhookTables>()
    .selectFrom("webhooks_webhooks")
    .select((row) => row.fn.countAll().as("count"))
    .where("owner", "=", owner)
    .executeTakeFirstOrThrow();
  if (Number(count) >= max) throw raise("webhooks.tooManyOfOwner", { params: { max } });
}
