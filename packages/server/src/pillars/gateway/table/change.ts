import { toRfc3339 } from "portico/kernel";
import type { Tx } from "portico/kernel";
import { raise } from "../errors.ts";
import type { GatewayTables, ObjectKind, RevisionRow } from "../tables.ts";
import type { TableMistake } from "./build.ts";
import {
  advance,
  closeObjects,
  holdNumber,
  keyOf,
  REVISIONS_KEPT,
  writeObjects,
} from "./objects.ts";
import type { Snapshot, TableObject } from "./objects.ts";
import { TABLE_CHANGED } from "./table.ts";
import type { RouteTable } from "./table.ts";

/** One object as it shall be, or shall not be any more. */
export type Edit =
  | { readonly action: "created" | "updated"; readonly object: TableObject }
  | { readonly action: "deleted"; readonly object: TableObject };

/** Works out what a caller asks for against the rows as they are; throws what refuses it. May be asked twice. */
export type Plan = (rows: Snapshot, table: RouteTable) => readonly Edit[];

/** A change that has been checked, ready for its transaction. */
export interface Draft {
  readonly plan: Plan;
  readonly base: Snapshot;
  readonly edits: readonly Edit[];
  readonly table: RouteTable;
}

/** Why and by whom a revision was made. */
export interface ChangeReason {
  readonly cause: RevisionRow["cause"];
  readonly of?: number;
  /** Milliseconds since 1970, UTC. */
  readonly at: number;
}

const LISTED_MAX = 100;

/** Works a change out and builds the table that it would make. Throws `gateway.invalid` with all of its mistakes. */
export async function draftChange(table: RouteTable, plan: Plan): Promise<Draft> {
  await table.follow();
  const base = table.latest;
  const edits = plan(base, table);
  const mistakes = await table.check(apply(base, edits));
  if (mistakes.length > 0) throw invalid(mistakes, edits);
  return { plan, base, edits, table };
}

/** Stores a change as the next revision and tells every process and the log. Answers its edits. */
export async function storeChange(
  tx: Tx,
  draft: Draft,
  reason: ChangeReason,
): Promise<readonly Edit[]> {
  const number = await holdNumber(tx);
  const edits = number === draft.base.number ? draft.edits : await redraft(tx, draft, number);
  if (edits.length === 0) return edits;
  const next = number + 1;
  await closeObjects(
    tx,
    edits.filter(({ action }) => action !== "created").map(({ object }) => object),
    next,
  );
  const kept = edits.filter(({ action }) => action !== "deleted");
  await writeObjects(
    tx,
    kept.map(({ object }) => object),
    next,
  );
  await writeRevision(tx, { number: next, edits, reason });
  tell(tx, { number: next, edits, reason });
  return edits;
}

/** Somebody else was faster: the same wish against the rows as they are now, held by this transaction. */
async function redraft(tx: Tx, draft: Draft, number: number): Promise<readonly Edit[]> {
  const { plan, base, table } = draft;
  const rows = await advance(tx, base, number);
  const edits = plan(rows, table);
  const mistakes = table.checkAtOnce(apply(rows, edits));
  if (mistakes.length > 0) throw invalid(mistakes, edits);
  return edits;
}

function apply({ number, objects }: Snapshot, edits: readonly Edit[]): Snapshot {
  const next = new Map(objects);
  for (const { action, object } of edits) {
    if (action === "deleted") next.delete(keyOf(object));
    else next.set(keyOf(object), object);
  }
  return { number, objects: next };
}

function invalid(mistakes: readonly TableMistake[], edits: readonly Edit[]): Error {
  const own = new Set<unknown>(edits.map(({ object }) => object));
  const errors = mistakes.map(({ detail, object }) => ({
    pointer: "",
    detail: own.has(object) ? detail : `${detail} (what the change leads to)`,
  }));
  return raise("gateway.invalid", { params: { count: errors.length }, errors });
}

interface Activation {
  readonly number: number;
  readonly edits: readonly Edit[];
  readonly reason: ChangeReason;
}

async function writeRevision(tx: Tx, { number, edits, reason }: Activation): Promise<void> {
  const db = tx.db<GatewayTables>();
  await db.updateTable("gateway_state").set({ number }).execute();
  await db
    .insertInto("gateway_revisions")
    .values({
      number,
      cause: reason.cause,
      of: reason.of ?? null,
      actor: tx.origin.actor,
      changes: JSON.stringify(edits.slice(0, LISTED_MAX).map(summaryOf)),
      changeCount: edits.length,
      at: Math.floor(reason.at),
    })
    .execute();
  const oldest = number - REVISIONS_KEPT + 1;
  await db.deleteFrom("gateway_revisions").where("number", "<", oldest).execute();
  await db.deleteFrom("gateway_objects").where("until", "<=", oldest).execute();
}

function tell(tx: Tx, { number, edits, reason }: Activation): void {
  const changes = edits.slice(0, LISTED_MAX).map(summaryOf);
  tx.emit(
    "gateway.activated",
    {
      revision: number,
      cause: reason.cause,
      of: reason.of ?? null,
      changes,
      changeCount: edits.length,
      at: toRfc3339(reason.at),
    },
    { subject: String(number) },
  );
  tx.changed(TABLE_CHANGED, String(number));
}

function summaryOf({ action, object }: Edit): {
  readonly kind: ObjectKind;
  readonly id: string;
  readonly action: string;
} {
  return { kind: object.kind, id: object.id, action };
}
