import { checkRevision } from "portico/kernel";
import type { Read, Tx } from "portico/kernel";
import { raise } from "../errors.ts";
import type { ErrorRow, ErrorState, InsightTables } from "../tables.ts";

/** The error of an id. Throws `insight.errorNotFound`. */
export async function findError(read: Read, id: string): Promise<ErrorRow> {
  const row = await read
    .db<InsightTables>()
    .selectFrom("insight_errors")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) throw raise("insight.errorNotFound", { params: { id } });
  return row;
}

/** A change of state that somebody asks for. */
export interface StateChange {
  readonly id: string;
  readonly state: ErrorState;
  readonly ifMatch: number | undefined;
  readonly now: number;
}

/** Moves an error to a state; one that is there already stays as it is. Throws `insight.errorNotFound`, `request.revision`. */
export async function changeState(tx: Tx, change: StateChange): Promise<ErrorRow> {
  const { id, state, ifMatch, now } = change;
  const row = await tx
    .forUpdate(tx.db<InsightTables>().selectFrom("insight_errors").selectAll().where("id", "=", id))
    .executeTakeFirst();
  if (row === undefined) throw raise("insight.errorNotFound", { params: { id } });
  checkRevision(ifMatch, row.revision);
  if (row.state === state) return row;
  // Never before what was seen last: else the failure that led to the resolving would open it again.
  const changed_at = Math.max(Math.floor(now), row.last_at);
  const next = { state, changed_at, revision: row.revision + 1 };
  await tx
    .db<InsightTables>()
    .updateTable("insight_errors")
    .set(next)
    .where("id", "=", id)
    .execute();
  tx.audit({
    action: `errors.${state === "open" ? "reopen" : state}`,
    target: id,
    before: { state: row.state },
    after: { state },
  });
  return { ...row, ...next };
}
