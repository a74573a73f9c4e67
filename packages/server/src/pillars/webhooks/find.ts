import type { Selectable } from "kysely";
import { isId } from "portico/kernel";
import type { Caller, Read } from "portico/kernel";
import { raise } from "./errors.ts";
import { ownerOf } from "./owner.ts";
import type { DeliveryRow, WebhookTables } from "./tables.ts";
import { WEBHOOK_COLUMNS } from "./view.ts";
import type { VisibleWebhook } from "./view.ts";

/** The webhook of this id or slug. Raises `webhooks.notFound`, also for one that the caller must not see. */
export async function findWebhook(
  read: Pick<Read, "db">,
  idOrSlug: string,
  caller: Pick<Caller, "restrictions"> = {},
): Promise<VisibleWebhook> {
  const owner = ownerOf(caller);
  const row = await read
    .db<WebhookTables>()
    .selectFrom("webhooks_webhooks")
    .select(WEBHOOK_COLUMNS)
    .where(isId(idOrSlug) ? "id" : "slug", "=", idOrSlug)
    .executeTakeFirst();
  if (row === undefined || (owner !== undefined && row.owner !== owner))
    throw raise("webhooks.notFound", { params: { id: idOrSlug } });
  return row;
}

/** The delivery of this id. Raises `webhooks.deliveryNotFound`, also for one that the caller must not see. */
export async function findDelivery(
  read: Pick<Read, "db">,
  id: string,
  caller: Pick<Caller, "restrictions">,
): Promise<Selectable<DeliveryRow>> {
  const db = read.db<WebhookTables>();
  const row = await db
    .selectFrom("webhooks_deliveries")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined || !(await isOwn(read, row.webhook, caller)))
    throw raise("webhooks.deliveryNotFound", { params: { id } });
  return row;
}

/** Deliveries of a webhook that was deleted are nobody's who is kept to an owner. */
async function isOwn(
  read: Pick<Read, "db">,
  webhook: string,
  caller: Pick<Caller, "restrictions">,
): Promise<boolean> {
  const owner = ownerOf(caller);
  if (owner === undefined) return true;
  const row = await read
    .db<WebhookTables>()
    .selectFrom("webhooks_webhooks")
    .select("owner")
    .where("id", "=", webhook)
    .executeTakeFirst();
  return row?.owner === owner;
}

/** The same webhook, which events are sent to. Raises `webhooks.notFound` and `webhooks.inactive`. */
export async function findActive(
  read: Pick<Read, "db">,
  idOrSlug: string,
  caller: Pick<Caller, "restrictions">,
): Promise<VisibleWebhook> {
  const row = await findWebhook(read, idOrSlug, caller);
  if (row.isActive !== 1) throw raise("webhooks.inactive", { params: { id: row.id } });
  return row;
}
