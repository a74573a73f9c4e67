import { checkRevision } from "portico/kernel";
import type { Tx } from "portico/kernel";
import { toView } from "./client-view.ts";
import { raise } from "./errors.ts";
import { OAUTH_CHANGES } from "./tables.ts";
import type { ClientRow, OAuthTables } from "./tables.ts";

/** Which client, and what the caller believes it to be. */
export interface WantedClient {
  readonly id: string;
  readonly ifMatch?: number | undefined;
  readonly tx: Tx;
}

/** Columns a change may set, and the event that tells of it. */
export interface ClientChange {
  readonly set: Partial<Omit<ClientRow, "organization" | "id" | "revision">>;
  readonly event: "client.updated" | "client.rotated";
}

/** The client of the transaction's organization, held until its end. Throws `oauth.clientNotFound`, `request.revision`. */
export async function holdClient({ id, ifMatch, tx }: WantedClient): Promise<ClientRow> {
  const select = tx.db<OAuthTables>().selectFrom("oauth_clients").selectAll().where("id", "=", id);
  const row = await tx.forUpdate(select).executeTakeFirst();
  if (row === undefined) throw raise("oauth.clientNotFound", { params: { id } });
  checkRevision(ifMatch, row.revision);
  return row;
}

/** Changes a client, which every process learns of. */
export async function changeClient(
  wanted: WantedClient,
  decide: (row: ClientRow) => ClientChange,
): Promise<ClientRow> {
  const { id, tx } = wanted;
  const row = await holdClient(wanted);
  const { set, event } = decide(row);
  const after = { ...row, ...set, revision: row.revision + 1 };
  await tx
    .db<OAuthTables>()
    .updateTable("oauth_clients")
    .set({ ...set, revision: after.revision })
    .where("id", "=", id)
    .execute();
  tx.emit(event, { id, name: after.name }, { subject: id });
  tx.audit({ action: event, target: id, before: toView(row), after: toView(after) });
  tx.changed(OAUTH_CHANGES, `client:${id}`);
  return after;
}
