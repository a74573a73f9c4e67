import type { Origin, PluginContext, Tx } from "portico/kernel";
import { dataTypeOf } from "./data-type.ts";
import { raise } from "./errors.ts";
import { isReserved } from "./event-type.ts";
import { findMessage } from "./find.ts";
import type { MessageRow, SourceTables } from "./tables.ts";
import { readMessage } from "./verification/index.ts";

/** Reads a message to do something about it, held until the transaction ends. Raises `sources.messageNotFound`. */
export async function holdMessage(tx: Tx, id: string): Promise<MessageRow> {
  await tx
    .forUpdate(
      tx.db<SourceTables>().selectFrom("sources_messages").select("id").where("id", "=", id),
    )
    .execute();
  return await findMessage(tx, id);
}

/**
 * Makes an event of a stored message, on the thread that its request began. Raises `sources.reservedType`.
 */
export function emitStored(
  tx: Tx,
  row: MessageRow,
  { ctx, origin }: { readonly ctx: PluginContext; readonly origin: Origin },
): string {
  const { id, eventType: type, trace } = row;
  if (isReserved(type, ctx)) throw raise("sources.reservedType", { params: { type } });
  // Written by us, as pairs of texts.
  const rawHeaders = (JSON.parse(row.headers) as string[][]).flat();
  const message = readMessage({ rawHeaders, body: row.body, url: "" });
  return tx.emit(type, row.body, {
    contentType: dataTypeOf(message),
    subject: id,
    origin: { actor: origin.actor, cause: id, trace },
  });
}
