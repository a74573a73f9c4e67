import type { Read, Tx } from "portico/kernel";
import { raise } from "./errors.ts";
import type { EventTables, EventTypeRow, SchemaRow } from "./tables.ts";

/** A described type of the organization; undefined when there is none. */
export async function findType(read: Read, type: string): Promise<EventTypeRow | undefined> {
  return await read
    .db<EventTables>()
    .selectFrom("events_types")
    .selectAll()
    .where("type", "=", type)
    .executeTakeFirst();
}

/** One version of its schema; undefined when there is none. */
export async function findSchema(
  read: Read,
  { type, version }: Pick<EventTypeRow, "type" | "version">,
): Promise<SchemaRow | undefined> {
  return await read
    .db<EventTables>()
    .selectFrom("events_schemas")
    .selectAll()
    .where("type", "=", type)
    .where("version", "=", version)
    .executeTakeFirst();
}

/** Reads a type to change it, held until the transaction ends. Raises `events.typeNotFound`. */
export async function holdType(tx: Tx, type: string): Promise<EventTypeRow> {
  const query = tx
    .db<EventTables>()
    .selectFrom("events_types")
    .selectAll()
    .where("type", "=", type);
  const row = await tx.forUpdate(query).executeTakeFirst();
  if (row === undefined) throw raise("events.typeNotFound", { params: { type } });
  return row;
}
