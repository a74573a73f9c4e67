import { Type } from "typebox";
import { accepted, operation } from "portico/kernel";
import { beginBulk, endedBulkOf } from "../bulk.ts";
import { findActive, findWebhook } from "../find.ts";
import { PATTERN } from "../match.ts";
import { OWNER, ownerOf } from "../owner.ts";
import { readWindow, windowFields } from "../window.ts";

/** `POST /webhooks/{id}/replay`: events of the log are delivered, whether they ever were or not. */
export const replayWebhook = operation({
  id: "webhooks.replay",
  method: "POST",
  path: "/webhooks/{id}/replay",
  summary: "Deliver events of the log again",
  description:
    "A job delivers the events that the filter names, also those that the webhook had never been sent or does not ask for; " +
    "with `to`, to another webhook of the organization. An event that has a delivery there is delivered again under the " +
    "same `webhook-id` and position, one that has none is given one.",
  access: "webhooks:write",
  mode: "write",
  keepsTo: [OWNER],
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  body: Type.Object(
    {
      filter: Type.Object(
        {
          ...windowFields,
          types: Type.Optional(
            Type.Array(Type.String({ pattern: PATTERN, maxLength: 128 }), {
              minItems: 1,
              maxItems: 100,
            }),
          ),
          subject: Type.Optional(Type.String({ maxLength: 256 })),
          channel: Type.Optional(Type.String({ maxLength: 128 })),
        },
        { additionalProperties: false },
      ),
      to: Type.Optional(Type.String({ maxLength: 64, description: "Id or slug of a webhook." })),
    },
    { additionalProperties: false },
  ),
  replies: { 202: accepted },
  errors: ["webhooks.notFound", "webhooks.inactive", "webhooks.bulkRunning", "webhooks.badWindow"],
  example: {
    path: { id: "{webhooks.create.id}" },
    body: { filter: { since: "2026-01-02T00:00:00Z", types: ["invoice.*"] } },
    after: ["webhooks.create", "webhooks.enable"],
    refused: {
      "webhooks.inactive": { after: ["webhooks.create", "webhooks.disable"] },
    },
  },
  async prepare({ path, body, caller, read, ctx }) {
    await findWebhook(read, path.id, caller);
    return await endedBulkOf(body.to ?? path.id, { caller, read, ctx });
  },
  async handle({ path, body, caller, tx, ctx, prepared }) {
    const { id: webhook } = await findActive(tx, body.to ?? path.id, caller);
    const { types, subject, channel } = body.filter;
    const owner = ownerOf(caller);
    const input = {
      kind: "replay" as const,
      webhook,
      ...readWindow(body.filter, ctx.clock.now()),
      ...(types === undefined ? {} : { types }),
      ...(subject === undefined ? {} : { subject }),
      ...(channel === undefined ? {} : { channel }),
      ...(owner === undefined ? {} : { owner }),
    };
    return { id: await beginBulk(tx, input, { ctx, ended: prepared }), status: "accepted" };
  },
});
