import { Type } from "typebox";
import { operation } from "portico/kernel";
import { OWNER } from "../owner.ts";
import { activity, changeWebhook } from "../change.ts";
import { WebhookView } from "../view.ts";

/** `POST /webhooks/{id}/enable` */
export const enableWebhook = operation({
  id: "webhooks.enable",
  method: "POST",
  path: "/webhooks/{id}/enable",
  summary: "Enable a webhook",
  description:
    "Events accepted from now on are delivered. What was held meanwhile stays held until it is delivered again by hand.",
  access: "webhooks:write",
  mode: "write",
  keepsTo: [OWNER],
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 200: WebhookView },
  errors: ["webhooks.notFound", "webhooks.stale"],
  example: { path: { id: "{webhooks.create.id}" }, after: ["webhooks.create"] },
  handle({ path, ifMatch, caller, tx, ctx }) {
    const wanted = { idOrSlug: path.id, ifMatch, now: ctx.clock.now(), caller };
    return changeWebhook(tx, wanted, () => activity(true));
  },
});
