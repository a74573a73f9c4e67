import { isId } from "portico/kernel";
import type { Read } from "portico/kernel";
import { raise } from "./errors.ts";
import type { MessageRow, SourceTables } from "./tables.ts";
import type { ReadSource } from "./view.ts";

/** The source of this id or slug. Raises `sources.notFound`, also for one of another organization. */
export async function findSource(read: Pick<Read, "db">, idOrSlug: string): Promise<ReadSource> {
  const row = await read
    .db<SourceTables>()
    .selectFrom("sources_sources")
    .selectAll()
    .where(isId(idOrSlug) ? "id" : "slug", "=", idOrSlug)
    .executeTakeFirst();
  if (row === undefined) throw raise("sources.notFound", { params: { id: idOrSlug } });
  return row;
}

/** The message of this id. Raises `sources.messageNotFound`, also for one of another organization. */
export async function findMessage(read: Pick<Read, "db">, id: string): Promise<MessageRow> {
  const row = await read
    .db<SourceTables>()
    .selectFrom("sources_messages")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) throw raise("sources.messageNotFound", { params: { id } });
  return row;
}
