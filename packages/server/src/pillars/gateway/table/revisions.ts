import { toRfc3339 } from "portico/kernel";
import type { Read } from "portico/kernel";
import { raise } from "../errors.ts";
import type { GatewayTables, RevisionRow } from "../tables.ts";
import type { Edit, Plan } from "./change.ts";
import { readNumber, readSnapshot } from "./objects.ts";
import type { TableObject } from "./objects.ts";

/** A revision as it is shown. */
export interface RevisionView {
  readonly number: number;
  readonly active: boolean;
  readonly cause: RevisionRow["cause"];
  readonly of: number | null;
  readonly actor: string;
  readonly changes: readonly unknown[];
  readonly changeCount: number;
  readonly at: string;
}

/** The kept revisions, the newest first. */
export async function listRevisions(read: Pick<Read, "db">): Promise<readonly RevisionView[]> {
  const number = await readNumber(read);
  const rows = await read
    .db<GatewayTables>()
    .selectFrom("gateway_revisions")
    .selectAll()
    .where("number", "<=", number)
    .orderBy("number", "desc")
    .execute();
  return rows.map((row) => viewOf(row, number));
}

/** The newest revision. */
export async function readRevision(read: Pick<Read, "db">): Promise<RevisionView> {
  const [newest] = await listRevisions(read);
  if (newest === undefined) throw unknown(0);
  return newest;
}

function viewOf(row: RevisionRow, number: number): RevisionView {
  // Written by `storeChange`.
  const changes = JSON.parse(row.changes) as readonly unknown[];
  return { ...row, active: row.number === number, changes, at: toRfc3339(row.at) };
}

/** The plan that brings the rows back to what they were at a revision. Throws `gateway.notFound` when it is not kept. */
export async function rollingBack(
  read: Pick<Read, "db">,
  number: number,
  now: number,
): Promise<Plan> {
  const known = await read
    .db<GatewayTables>()
    .selectFrom("gateway_revisions")
    .select("number")
    .where("number", "=", number)
    .executeTakeFirst();
  if (known === undefined) throw unknown(number);
  const wanted = await readSnapshot(read, number);
  return ({ objects }) => {
    const edits: Edit[] = [];
    for (const [key, object] of wanted.objects) {
      const current = objects.get(key);
      if (current === undefined) edits.push({ action: "created", object: again(object, now) });
      else if (!isSame(current, object)) {
        const next = again({ ...object, revision: current.revision }, now);
        edits.push({ action: "updated", object: next });
      }
    }
    for (const [key, object] of objects) {
      if (!wanted.objects.has(key)) edits.push({ action: "deleted", object });
    }
    return edits;
  };
}

/** Never a revision that the object had before: who knows an older state must not overwrite this one. */
function again(object: TableObject, now: number): TableObject {
  return { ...object, revision: object.revision + 1, updatedAt: Math.floor(now) };
}

function isSame(one: TableObject, other: TableObject): boolean {
  return one.api === other.api && JSON.stringify(one.settings) === JSON.stringify(other.settings);
}

function unknown(number: number): Error {
  return raise("gateway.notFound", { params: { kind: "revision", id: number } });
}
