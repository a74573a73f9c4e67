import { Type } from "typebox";
import { accepted, operation } from "portico/kernel";
import type { Caller, Read } from "portico/kernel";
import { placeOf } from "../bulk-step.ts";
import { beginBulk, endedBulk } from "../bulk.ts";
import { findActive } from "../find.ts";
import { PATTERN } from "../match.ts";
import { OWNER, ownerOf } from "../owner.ts";
import { readWindow, windowFields } from "../window.ts";

/** `POST /deliveries/retry`: every failed delivery again, of all webhooks or of one. */
export const retryDeliveries = operation({
  id: "webhooks.retryDeliveries",
  method: "POST",
  path: "/deliveries/retry",
  summary: "Deliver again everything that failed",
  description:
    "A job delivers again every exhausted delivery, of one webhook, one type or one window where they are given. Webhooks " +
    "that are disabled are left out. One at a time for the organization, and one for each webhook.",
  access: "webhooks:write",
  mode: "write",
  keepsTo: [OWNER],
  body: Type.Object(
    {
      ...Type.Partial(Type.Object(windowFields)).properties,
      webhook: Type.Optional(Type.String({ maxLength: 64 })),
      type: Type.Optional(Type.String({ pattern: PATTERN, maxLength: 128 })),
    },
    { additionalProperties: false },
  ),
  replies: { 202: accepted },
  errors: ["webhooks.notFound", "webhooks.inactive", "webhooks.bulkRunning", "webhooks.badWindow"],
  example: {
    body: { type: "invoice.*", since: "2026-01-02T00:00:00Z" },
    refused: {
      "webhooks.inactive": {
        body: { webhook: "{webhooks.create.id}" },
        after: ["webhooks.create", "webhooks.disable"],
      },
    },
  },
  async prepare({ body, caller, read, ctx }) {
    const webhook = await webhookOf(body.webhook, read, caller);
    const owner = ownerOf(caller);
    const place = placeOf({ webhook, ...(owner === undefined ? {} : { owner }) });
    return await endedBulk({ ctx, read }, { organization: caller.organization, place });
  },
  async handle({ body, caller, tx, ctx, prepared }) {
    const webhook = await webhookOf(body.webhook, tx, caller);
    const owner = ownerOf(caller);
    const input = {
      kind: "retry" as const,
      webhook,
      ...readWindow(body, ctx.clock.now()),
      ...(body.type === undefined ? {} : { types: [body.type] }),
      ...(owner === undefined ? {} : { owner }),
    };
    return { id: await beginBulk(tx, input, { ctx, ended: prepared }), status: "accepted" };
  },
});

/** Empty for all of the organization's. */
async function webhookOf(
  webhook: string | undefined,
  read: Pick<Read, "db">,
  caller: Caller,
): Promise<string> {
  return webhook === undefined ? "" : (await findActive(read, webhook, caller)).id;
}
