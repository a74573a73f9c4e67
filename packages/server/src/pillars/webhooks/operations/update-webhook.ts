import { Type } from "typebox";
import { operation } from "portico/kernel";
import type { Caller } from "portico/kernel";
import { activity, changeWebhook } from "../change.ts";
import type { Changes } from "../change.ts";
import { raise } from "../errors.ts";
import { wakeAll } from "../health.ts";
import { endPace } from "../pace.ts";
import { acceptHeaders } from "../headers.ts";
import { keptChannels, OWNER, ownerOf } from "../owner.ts";
import { steeringColumns } from "../steering.ts";
import { subscriptionColumns } from "../subscription.ts";
import { headersPlace } from "../target.ts";
import { viewWebhook, webhookFields, WebhookView } from "../view.ts";
import type { VisibleWebhook } from "../view.ts";

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
  keepsTo: [OWNER],
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  body: Type.Partial(Type.Object(webhookFields), { additionalProperties: false, minProperties: 1 }),
  replies: { 200: WebhookView },
  errors: [
    "webhooks.notFound",
    "webhooks.badUrl",
    "webhooks.badHeader",
    "webhooks.badFilter",
    "webhooks.credentialsElsewhere",
    "webhooks.stale",
  ],
  example: {
    path: { id: "{webhooks.create.id}" },
    body: { events: ["invoice.paid"], description: "Bookkeeping" },
    after: ["webhooks.create"],
  },
  async handle({ path, body, ifMatch, caller, tx, ctx }) {
    const reason = body.url === undefined ? undefined : ctx.outbound.objection(body.url);
    if (reason !== undefined) throw raise("webhooks.badUrl", { params: { reason } });
    // Whoever is kept to an owner cannot give a webhook away.
    const owner = ownerOf(caller) ?? body.owner;
    const subscription = subscriptionColumns({
      ...body,
      ...(owner === undefined ? {} : { owner }),
    });
    const headers = body.headers === undefined ? undefined : acceptHeaders(body.headers);
    const changed = await changeWebhook(
      tx,
      { idOrSlug: path.id, ifMatch, now: ctx.clock.now(), caller },
      (before): Changes => ({
        ...urlAfter(caller, before, body),
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
        ...subscription,
        ...subscriptionColumns(channelsAfter(caller, before)),
        ...steeringColumns(body, { organization: caller.organization, id: before.id }, ctx.secrets),
      }),
    );
    if (body.rateLimit !== undefined) await endPace(tx, changed.id);
    if (body.ordering !== undefined) wakeAll(tx, changed.id);
    return changed;
  },
});

/**
 * Headers and credentials are never shown, and whoever is kept to an owner may not be the one who set them: an address of
 * that caller's choice would be sent them.
 */
function urlAfter(
  caller: Caller,
  before: VisibleWebhook,
  {
    url,
    headers,
    auth,
  }: { readonly url?: string; readonly headers?: object; readonly auth?: unknown },
): { readonly url?: string } {
  if (url === undefined) return {};
  const keepsHeaders = before.headerNames !== "[]" && headers === undefined;
  const keepsAuth = before.authType !== null && auth === undefined;
  if (ownerOf(caller) !== undefined && url !== before.url && (keepsHeaders || keepsAuth)) {
    throw raise("webhooks.credentialsElsewhere");
  }
  return { url };
}

function channelsAfter(
  caller: Caller,
  before: VisibleWebhook,
): { readonly channels?: readonly string[] } {
  const channels = keptChannels(caller, viewWebhook(before).channels);
  return channels === undefined ? {} : { channels };
}
