import { checkRevision } from "portico/kernel";
import type { Caller, PluginContext, Tx } from "portico/kernel";
import { raise } from "./errors.ts";
import { isOwn, mayAll } from "./owner.ts";
import { KEY_CHANGES } from "./tables.ts";
import type { KeyRow, KeyTables } from "./tables.ts";
import { toView } from "./view.ts";

/** Which key is meant, by whom, and what he believes it to be. */
export interface Wanted {
  readonly id: string;
  readonly caller: Caller;
  readonly ctx: PluginContext;
  readonly tx: Tx;
  readonly ifMatch?: number | undefined;
}

/** Columns a change may set, and the event that tells of it. */
export interface KeyChange {
  readonly set: Partial<Omit<KeyRow, "organization" | "id" | "revision">>;
  readonly event: "key.updated" | "key.disabled" | "key.enabled" | "key.rotated";
  /** Members of the event's data beside id and name. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Throws `keys.notFound` for a key that is not there, or is none of the caller's. */
export function visible(row: KeyRow | undefined, { id, caller, ctx }: Omit<Wanted, "tx">): KeyRow {
  if (row !== undefined && (isOwn(row, caller) || mayAll(caller, ctx))) return row;
  throw raise("keys.notFound", { params: { id } });
}

/**
 * Changes a key, held until the transaction ends; undefined from `decide` leaves it as it is, and nothing is told twice.
 * Throws `keys.notFound`, `request.revision`, and what `decide` throws.
 */
export async function changeKey(
  wanted: Wanted,
  decide: (row: KeyRow, nowMs: number) => KeyChange | undefined,
): Promise<KeyRow> {
  const { id, ifMatch, tx, ctx } = wanted;
  const db = tx.db<KeyTables>();
  const select = db.selectFrom("keys_keys").selectAll().where("id", "=", id);
  const row = visible(await tx.forUpdate(select).executeTakeFirst(), wanted);
  checkRevision(ifMatch, row.revision);
  const nowMs = Math.floor(ctx.clock.now());
  const change = decide(row, nowMs);
  if (change === undefined) return row;
  const after = { ...row, ...change.set, revision: row.revision + 1 };
  await db
    .updateTable("keys_keys")
    .set({ ...change.set, revision: after.revision })
    .where("id", "=", id)
    .execute();
  tx.emit(change.event, { id, name: after.name, ...change.data }, { subject: id });
  tx.audit({
    action: change.event,
    target: id,
    before: toView(row, nowMs),
    after: toView(after, nowMs),
  });
  tx.changed(KEY_CHANGES, id);
  return after;
}
