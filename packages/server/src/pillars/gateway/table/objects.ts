import type { Read, Tx } from "portico/kernel";
import type { GatewayTables, ObjectKind, ObjectRow } from "../tables.ts";

/** One object that the API has added, as it is in force. */
export interface TableObject {
  readonly kind: ObjectKind;
  readonly id: string;
  readonly api: string | null;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly revision: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** All of them at one revision, by `kind id`. */
export interface Snapshot {
  readonly number: number;
  readonly objects: ReadonlyMap<string, TableObject>;
}

/** Nothing has been added yet. */
export const EMPTY: Snapshot = { number: 0, objects: new Map() };

/** Revisions that can be gone back to; what was closed before the oldest of them is forgotten. */
export const REVISIONS_KEPT = 10;
const CHUNK = 500;

/** The key of an object in a snapshot. */
export function keyOf({ kind, id }: Pick<TableObject, "kind" | "id">): string {
  return `${kind} ${id}`;
}

/** The revision in force. */
export async function readNumber(read: Pick<Read, "db">): Promise<number> {
  const { number } = await read
    .db<GatewayTables>()
    .selectFrom("gateway_state")
    .select("number")
    .executeTakeFirstOrThrow();
  return number;
}

/** The revision in force, held until the transaction ends: changes come one after another. */
export async function holdNumber(tx: Tx): Promise<number> {
  const select = tx.db<GatewayTables>().selectFrom("gateway_state").select("number");
  return (await tx.forUpdate(select).executeTakeFirstOrThrow()).number;
}

/** The objects as they were at a revision that is kept. */
export async function readSnapshot(read: Pick<Read, "db">, number: number): Promise<Snapshot> {
  const rows = await read
    .db<GatewayTables>()
    .selectFrom("gateway_objects")
    .selectAll()
    .where("since", "<=", number)
    .where((where) => where.or([where("until", "is", null), where("until", ">", number)]))
    .orderBy("createdAt")
    .orderBy("id")
    .execute();
  return { number, objects: new Map(rows.map((row) => [keyOf(row), toObject(row)])) };
}

/** What became of a snapshot by a later revision: only what changed since is read. */
export async function advance(
  read: Pick<Read, "db">,
  { number, objects }: Snapshot,
  to: number,
): Promise<Snapshot> {
  if (to === number) return { number, objects };
  if (to < number || to - number >= REVISIONS_KEPT) return readSnapshot(read, to);
  const rows = await read
    .db<GatewayTables>()
    .selectFrom("gateway_objects")
    .selectAll()
    .where((where) => where.or([where("since", ">", number), where("until", ">", number)]))
    .where("since", "<=", to)
    .orderBy("since")
    .orderBy("createdAt")
    .orderBy("id")
    .execute();
  const next = new Map(objects);
  for (const row of rows) {
    if (row.until !== null && row.until <= to) next.delete(keyOf(row));
    else next.set(keyOf(row), toObject(row));
  }
  return { number: to, objects: next };
}

function toObject(row: ObjectRow): TableObject {
  const { kind, id, api, revision, createdAt, updatedAt } = row;
  // Written by `writeObjects` from settings that a schema had accepted.
  const settings = JSON.parse(row.settings) as TableObject["settings"];
  return { kind, id, api, settings, revision, createdAt, updatedAt };
}

/** Closes the states of objects that end with a revision. */
export async function closeObjects(
  tx: Tx,
  keys: readonly Pick<TableObject, "kind" | "id">[],
  until: number,
): Promise<void> {
  for (const [kind, of] of Map.groupBy(keys, (key) => key.kind)) {
    for (let start = 0; start < of.length; start += CHUNK) {
      await tx
        .db<GatewayTables>()
        .updateTable("gateway_objects")
        .set({ until })
        .where("kind", "=", kind)
        .where("until", "is", null)
        .where(
          "id",
          "in",
          of.slice(start, start + CHUNK).map(({ id }) => id),
        )
        .execute();
    }
  }
}

/** Writes states of objects that begin with a revision. */
export async function writeObjects(
  tx: Tx,
  objects: readonly TableObject[],
  since: number,
): Promise<void> {
  const rows = objects.map((object) => ({
    ...object,
    settings: JSON.stringify(object.settings),
    since,
    until: null,
  }));
  for (let start = 0; start < rows.length; start += CHUNK) {
    const chunk = rows.slice(start, start + CHUNK);
    await tx.db<GatewayTables>().insertInto("gateway_objects").values(chunk).execute();
  }
}
