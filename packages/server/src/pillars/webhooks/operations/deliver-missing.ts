import { Type } from "typebox";
import { accepted, operation } from "portico/kernel";
import { beginBulk, endedBulkOf } from "../bulk.ts";
import { findActive } from "../find.ts";
import { OWNER, ownerOf } from "../owner.ts";
import { readWindow, Window } from "../window.ts";

/** `POST /webhooks/{id}/deliver-missing`: what the webhook asks for and was never sent. */
export const deliverMissing = operation({
  id: "webhooks.deliverMissing",
  method: "POST",
  path: "/webhooks/{id}/deliver-missing",
  summary: "Deliver what was never attempted",
  description:
    "A job delivers the events of the window that the webhook asks for and that were never tried: accepted before it was " +
    "created or asked for them, or held while it was disabled. What was tried, with whatever outcome, is left alone.",
  access: "webhooks:write",
  mode: "write",
  keepsTo: [OWNER],
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  body: Window,
  replies: { 202: accepted },
  errors: ["webhooks.notFound", "webhooks.inactive", "webhooks.bulkRunning", "webhooks.badWindow"],
  example: {
    path: { id: "{webhooks.create.id}" },
    body: { since: "2026-01-02T00:00:00Z" },
    after: ["webhooks.create", "webhooks.enable"],
    refused: {
      "webhooks.inactive": { after: ["webhooks.create", "webhooks.disable"] },
    },
  },
  prepare: ({ path, ...asked }) => endedBulkOf(path.id, asked),
  async handle({ path, body, caller, tx, ctx, prepared }) {
    const { id: webhook } = await findActive(tx, path.id, caller);
    const owner = ownerOf(caller);
    const input = {
      kind: "missing" as const,
      webhook,
      ...readWindow(body, ctx.clock.now()),
      ...(owner === undefined ? {} : { owner }),
    };
    return { id: await beginBulk(tx, input, { ctx, ended: prepared }), status: "accepted" };
  },
});
