import { Type } from "typebox";
import { operation } from "portico/kernel";
import { raise } from "../errors.ts";
import { acceptHeaders } from "../headers.ts";
import { newSecret } from "../sign.ts";
import { DEFAULT_STEERING, steeringColumns, steeringFields } from "../steering.ts";
import type { WebhookTables } from "../tables.ts";
import { headersPlace, secretPlace } from "../target.ts";
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
  onceOnly: ["secret"],
  body: Type.Object(
    {
      url,
      events,
      active: Type.Optional(active),
      slug: Type.Optional(Type.String({ pattern: SLUG_PATTERN })),
      headers: Type.Optional(headers),
      description: Type.Optional(description),
      ...Type.Partial(Type.Object(steeringFields)).properties,
    },
    { additionalProperties: false },
  ),
  replies: {
    201: Type.Object({
      ...WebhookView.properties,
      secret: Type.String({ description: "`whsec_…`; shown once." }),
    }),
  },
  errors: ["webhooks.badUrl", "webhooks.badHeader", "webhooks.slugTaken"],
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
    const secret = newSecret(ctx.fillRandom);
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
    tx.emit("webhook.created", webhookData(row), { subject: id });
    return { ...viewWebhook(row), secret };
  },
});
