import { Type } from "typebox";
import { accepted, operation } from "portico/kernel";
import { beginBulk, endedBulkOf } from "../bulk.ts";
import { findActive } from "../find.ts";
import { OWNER } from "../owner.ts";
import { readWindow, Window } from "../window.ts";

/** `POST /webhooks/{id}/recover`: everything that failed or was held in a window is delivered again. */
export const recoverWebhook = operation({
  id: "webhooks.recover",
  method: "POST",
  path: "/webhooks/{id}/recover",
  summary: "Deliver again what failed or was held",
  description:
    "A job delivers again every exhausted and every held delivery that was made from `since` on and before `until` (now, " +
    "when left out), behind what happens meanwhile. Its progress is at `GET /jobs/{id}`; one at a time for a webhook.",
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
    const input = { kind: "recover" as const, webhook, ...readWindow(body, ctx.clock.now()) };
    return { id: await beginBulk(tx, input, { ctx, ended: prepared }), status: "accepted" };
  },
});
