import { Type } from "typebox";
import { operation } from "portico/kernel";
import { OWNER } from "../owner.ts";
import { activity, changeWebhook } from "../change.ts";
import { WebhookView } from "../view.ts";

/** `POST /webhooks/{id}/disable` */
export const disableWebhook = operation({
  id: "webhooks.disable",
  method: "POST",
  path: "/webhooks/{id}/disable",
  summary: "Disable a webhook",
  description: "Nothing more is sent to it. Events that it asks for are kept as held deliveries.",
  access: "webhooks:write",
  mode: "write",
  keepsTo: [OWNER],
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 200: WebhookView },
  errors: ["webhooks.notFound", "webhooks.stale"],
  example: { path: { id: "{webhooks.create.id}" }, after: ["webhooks.create"] },
  handle({ path, ifMatch, caller, tx, ctx }) {
    const wanted = { idOrSlug: path.id, ifMatch, now: ctx.clock.now(), caller };
    return changeWebhook(tx, wanted, () => activity(false));
  },
});
