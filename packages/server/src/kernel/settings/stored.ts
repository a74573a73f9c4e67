import type { TSchema } from "typebox";
import { isPlainObject } from "../config/index.ts";
import type { Leaf } from "../config/index.ts";
import type { Secrets } from "../contract/index.ts";
import { placeholders } from "../log/index.ts";
import type { Driver, DriverResult, DriverStatement } from "../store/index.ts";

/** Dotted path → what is kept in its row. */
export type StoredRows = ReadonlyMap<string, string>;

/** What is stored, and what the last change can be taken back to. */
export interface StoredState {
  readonly revision: number;
  readonly rows: StoredRows;
  /** Path → the row before the last change, null where there was none; undefined when nothing can be taken back. */
  readonly undo: Readonly<Record<string, string | null>> | undefined;
}

/** Whoever answers statements: a driver, or a transaction under way. */
export type Ask = (statement: DriverStatement) => Promise<DriverResult>;

/** Reads what is stored; with `lock`, nobody else changes it before the end of the transaction. */
export async function readStored(
  ask: Ask,
  options: { readonly lock?: Driver["dialect"] } = {},
): Promise<StoredState> {
  const locked = options.lock === "postgres" ? " for update" : "";
  const state = await ask({
    sql: `select revision, undo from settings_state where one = 1${locked}`,
    parameters: [],
  });
  const { rows } = await ask({ sql: `select path, value from settings_stored`, parameters: [] });
  const [found] = state.rows;
  const undo = found?.["undo"] ?? null;
  return {
    revision: Number(found?.["revision"] ?? 0),
    rows: new Map(rows.map((row) => [String(row["path"]), String(row["value"])])),
    undo:
      undo === null
        ? undefined
        : // Written by `writeStored`.
          (JSON.parse(String(undo)) as Readonly<Record<string, string | null>>),
  };
}

/** Writes rows (null: takes one away) with the revision after, and what they can be taken back to. */
export async function writeStored(
  ask: Ask,
  dialect: Driver["dialect"],
  given: {
    readonly rows: Readonly<Record<string, string | null>>;
    readonly revision: number;
    readonly undo: Readonly<Record<string, string | null>> | undefined;
  },
): Promise<void> {
  const to = placeholders(dialect);
  for (const [path, value] of Object.entries(given.rows)) {
    if (value === null) {
      await ask({ sql: to(`delete from settings_stored where path = ?`), parameters: [path] });
      continue;
    }
    await ask({
      sql: to(`insert into settings_stored (path, value) values (?, ?)
        on conflict (path) do update set value = excluded.value`),
      parameters: [path, value],
    });
  }
  await ask({
    sql: to(`update settings_state set revision = ?, undo = ? where one = 1`),
    parameters: [given.revision, given.undo === undefined ? null : JSON.stringify(given.undo)],
    rows: 1,
  });
}

/** Whether a schema hides anything at any depth: then its whole value is sealed. */
export function hidesSecret(schema: TSchema): boolean {
  if ("secret" in schema) return true;
  return childrenOf(schema).some(hidesSecret);
}

function childrenOf(schema: TSchema): readonly TSchema[] {
  const loose = schema as Readonly<Record<string, unknown>>;
  const maps = [loose["properties"], loose["patternProperties"]].filter(isPlainObject);
  const members: readonly unknown[] = Array.isArray(loose["anyOf"]) ? loose["anyOf"] : [];
  const children = [...maps.flatMap((map) => Object.values(map)), ...members, loose["items"]];
  // Parts of a JSON Schema at these places are schemas.
  return children.filter(isPlainObject);
}

/** A value as its row keeps it. */
export function rowOf(leaf: Leaf, value: unknown, secrets: Secrets): string {
  const text = JSON.stringify(value);
  return hidesSecret(leaf.schema) ? secrets.seal(text, placeOf(leaf)) : text;
}

/** The value of a row. Throws for what is no JSON, or sealed for elsewhere. */
export function valueOf(leaf: Leaf, row: string, secrets: Secrets): unknown {
  const text = hidesSecret(leaf.schema) ? secrets.open(row, placeOf(leaf)) : row;
  return JSON.parse(text) as unknown;
}

function placeOf(leaf: Leaf): readonly string[] {
  return ["instance", "settings_stored", "value", leaf.path.join(".")];
}
