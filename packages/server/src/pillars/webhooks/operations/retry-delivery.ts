import type { Selectable } from "kysely";
import { Type } from "typebox";
import { operation } from "portico/kernel";
import { OWNER } from "../owner.ts";
import { deliverAgain, RENEWED_COLUMNS } from "../again.ts";
import { raise } from "../errors.ts";
import { findDelivery } from "../find.ts";
import type { DeliveryRow, WebhookTables } from "../tables.ts";

/** Longer than this a first try waits only behind many others, or its job was set aside and will never come. */
const FIRST_TRY_MS = 60_000;

/** `POST /deliveries/{id}/retry`: delivers again at once, and climbs the ladder anew if that fails. */
export const retryDelivery = operation({
  id: "webhooks.retryDelivery",
  method: "POST",
  path: "/deliveries/{id}/retry",
  summary: "Deliver again",
  description:
    "Tries at once, whatever the state, with the same `webhook-id`; failures climb the ladder anew. A delivery that is " +
    "about to be tried for the first time, and not a minute old, is left as it is.",
  access: "webhooks:write",
  mode: "write",
  keepsTo: [OWNER],
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 202: Type.Object({ id: Type.String(), status: Type.Literal("accepted") }) },
  errors: ["webhooks.deliveryNotFound", "webhooks.notFound", "webhooks.inactive"],
  example: {
    path: { id: "{webhooks.listDeliveries.data.0.id}" },
    after: ["webhooks.create", "webhooks.enable", "webhooks.listDeliveries"],
    refused: {
      "webhooks.inactive": {
        after: [
          "webhooks.create",
          "webhooks.enable",
          "webhooks.listDeliveries",
          "webhooks.disable",
        ],
      },
    },
  },
  async handle({ path, caller, tx, ctx, origin }) {
    await findDelivery(tx, path.id, caller);
    const db = tx.db<WebhookTables>();
    const row = await tx
      .forUpdate(
        db
          .selectFrom("webhooks_deliveries")
          .select([...RENEWED_COLUMNS, "state", "attempts", "updatedAt"])
          .where("id", "=", path.id),
      )
      .executeTakeFirst();
    if (row === undefined) throw raise("webhooks.deliveryNotFound", { params: { id: path.id } });
    const webhook = await db
      .selectFrom("webhooks_webhooks")
      .select(["isActive", "concurrency"])
      .where("id", "=", row.webhook)
      .executeTakeFirst();
    if (webhook === undefined) throw raise("webhooks.notFound", { params: { id: row.webhook } });
    if (webhook.isActive !== 1) throw raise("webhooks.inactive", { params: { id: row.webhook } });
    const accepted = { id: row.id, status: "accepted" };
    const now = ctx.clock.now();
    if (isAboutToBeTried(row, now)) return accepted;
    const { concurrency } = webhook;
    await deliverAgain([{ ...row, concurrency }], tx, { ctx, origin, isBulk: false });
    return accepted;
  },
});

function isAboutToBeTried(
  row: Pick<Selectable<DeliveryRow>, "state" | "round" | "attempts" | "updatedAt">,
  now: number,
): boolean {
  const isFirst = row.state === "pending" && row.attempts === 0 && row.round === 1;
  return isFirst && now - row.updatedAt < FIRST_TRY_MS;
}
