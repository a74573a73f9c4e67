import { Type } from "typebox";
import { operation } from "portico/kernel";
import { activity, changeWebhook } from "../change.ts";
import type { Changes } from "../change.ts";
import { raise } from "../errors.ts";
import { acceptHeaders } from "../headers.ts";
import { steeringColumns } from "../steering.ts";
import { headersPlace } from "../target.ts";
import { webhookFields, WebhookView } from "../view.ts";

/** `PATCH /webhooks/{id}`: what is left out stays as it is. */
export const updateWebhook = operation({
  id: "webhooks.update",
  method: "PATCH",
  path: "/webhooks/{id}",
  summary: "Change a webhook",
  description:
    "Fields that are left out stay as they are; `events` and `headers` are replaced whole. Deliveries under way use the " +
    "new URL and headers from their next attempt on.",
  access: "webhooks:write",
  mode: "write",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  body: Type.Partial(Type.Object(webhookFields), { additionalProperties: false, minProperties: 1 }),
  replies: { 200: WebhookView },
  errors: ["webhooks.notFound", "webhooks.badUrl", "webhooks.badHeader", "webhooks.stale"],
  example: {
    path: { id: "{webhooks.create.id}" },
    body: { events: ["invoice.paid"], description: "Bookkeeping" },
    after: ["webhooks.create"],
  },
  handle({ path, body, ifMatch, caller, tx, ctx }) {
    const reason = body.url === undefined ? undefined : ctx.outbound.objection(body.url);
    if (reason !== undefined) throw raise("webhooks.badUrl", { params: { reason } });
    const headers = body.headers === undefined ? undefined : acceptHeaders(body.headers);
    return changeWebhook(
      tx,
      { idOrSlug: path.id, ifMatch, now: ctx.clock.now() },
      (before): Changes => ({
        ...(body.url === undefined ? {} : { url: body.url }),
        ...(body.events === undefined ? {} : { events: JSON.stringify(body.events) }),
        ...(body.description === undefined ? {} : { description: body.description }),
        ...(body.active === undefined || body.active === (before.isActive === 1)
          ? {}
          : activity(body.active)),
        ...(headers === undefined
          ? {}
          : {
              headers: ctx.secrets.seal(
                JSON.stringify(headers),
                headersPlace(caller.organization, before.id),
              ),
              headerNames: JSON.stringify(Object.keys(headers)),
            }),
        ...steeringColumns(body, { organization: caller.organization, id: before.id }, ctx.secrets),
      }),
    );
  },
});
