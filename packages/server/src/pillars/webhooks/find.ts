import { isId } from "portico/kernel";
import type { Read } from "portico/kernel";
import { raise } from "./errors.ts";
import type { WebhookTables } from "./tables.ts";
import { WEBHOOK_COLUMNS } from "./view.ts";
import type { VisibleWebhook } from "./view.ts";

/** The webhook of this id or slug. Raises `webhooks.notFound`, also for one of another organization. */
export async function findWebhook(
  read: Pick<Read, "db">,
  idOrSlug: string,
): Promise<VisibleWebhook> {
  const row = await read
    .db<WebhookTables>()
    .selectFrom("webhooks_webhooks")
    .select(WEBHOOK_COLUMNS)
    .where(isId(idOrSlug) ? "id" : "slug", "=", idOrSlug)
    .executeTakeFirst();
  if (row === undefined) throw raise("webhooks.notFound", { params: { id: idOrSlug } });
  return row;
}
