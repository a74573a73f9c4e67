import { Type } from "typebox";
import { operation } from "portico/kernel";
import { OWNER } from "../owner.ts";
import { findWebhook } from "../find.ts";
import { viewWebhook, WebhookView } from "../view.ts";

/** `GET /webhooks/{id}` */
export const getWebhook = operation({
  id: "webhooks.get",
  method: "GET",
  path: "/webhooks/{id}",
  summary: "Get a webhook",
  access: "webhooks:read",
  mode: "read",
  keepsTo: [OWNER],
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 200: WebhookView },
  errors: ["webhooks.notFound"],
  example: { path: { id: "{webhooks.create.id}" }, after: ["webhooks.create"] },
  async handle({ path, caller, read }) {
    return viewWebhook(await findWebhook(read, path.id, caller));
  },
});
