import { checkRevision } from "portico/kernel";
import { raise } from "../errors.ts";
import type { ObjectKind } from "../tables.ts";
import type { Edit, Plan } from "./change.ts";
import { isConfigured } from "./configured.ts";
import { keyOf } from "./objects.ts";
import type { Snapshot, TableObject } from "./objects.ts";
import type { RouteTable } from "./table.ts";

type Settings = TableObject["settings"];

/** Which object is meant, and what its caller believes it to be. */
export interface Wanted {
  readonly kind: ObjectKind;
  readonly id: string;
  readonly ifMatch: number | undefined;
  /** Milliseconds since 1970, UTC. */
  readonly now: number;
}

/** A new object. */
export interface NewObject extends Omit<Wanted, "ifMatch"> {
  readonly api: string | null;
  readonly settings: Settings;
}

/** Adds objects; refused with `gateway.exists` where the configuration or a row has the id. */
export function creating(given: readonly NewObject[]): Plan {
  return ({ objects }, table) =>
    given.map(({ kind, id, api, settings, now }): Edit => {
      if (objects.has(keyOf({ kind, id })) || isConfigured(table, kind, id)) {
        throw raise("gateway.exists", { params: { kind, id } });
      }
      const at = Math.floor(now);
      const object = { kind, id, api, settings, revision: 1, createdAt: at, updatedAt: at };
      return { action: "created", object };
    });
}

/** Changes fields of an object; null takes one away, and what is left out stays. */
export function updating(wanted: Wanted, fields: Settings): Plan {
  return (rows, table) => {
    const before = find(rows, table, wanted);
    const settings = merge(before.settings, fields);
    return [{ action: "updated", object: nextOf(before, settings, wanted.now) }];
  };
}

/** Takes an object away; an API takes the routes and versions along that were added to it. */
export function deleting(wanted: Wanted): Plan {
  return (rows, table) => {
    const object = find(rows, table, wanted);
    const own =
      wanted.kind === "api"
        ? [...rows.objects.values()].filter(({ api }) => api === wanted.id)
        : [];
    return [object, ...own].map((each): Edit => ({ action: "deleted", object: each }));
  };
}

/** The next state of an object. */
export function nextOf(before: TableObject, settings: Settings, now: number): TableObject {
  const updatedAt = Math.floor(now);
  return { ...before, settings, revision: before.revision + 1, updatedAt };
}

/** The row; `gateway.pinned` for what the configuration says, else `gateway.notFound`. */
function find(rows: Snapshot, table: RouteTable, wanted: Wanted): TableObject {
  const { kind, id, ifMatch } = wanted;
  const object = rows.objects.get(keyOf({ kind, id }));
  if (object === undefined) {
    const code = isConfigured(table, kind, id) ? "gateway.pinned" : "gateway.notFound";
    throw raise(code, { params: { kind, id } });
  }
  checkRevision(ifMatch, object.revision);
  return object;
}

function merge(before: Settings, fields: Settings): Settings {
  const merged = { ...before, ...fields };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}
