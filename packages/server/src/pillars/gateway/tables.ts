import type { TableScope } from "portico/kernel";

/** What the API may add to the table. `current` says which version of a configured API is the current one. */
export type ObjectKind = "api" | "route" | "upstream" | "version" | "current";

/**
 * One state of one object: it holds from the revision `since` until before `until`. A change closes a row and writes the
 * next, so that the rows of every kept revision are there as they were.
 */
export interface ObjectRow {
  readonly kind: ObjectKind;
  readonly id: string;
  readonly since: number;
  /** Null for what is in force. */
  readonly until: number | null;
  /** The API that a route or version belongs to. */
  readonly api: string | null;
  /** JSON, of the schema of the kind. */
  readonly settings: string;
  /** Of the object, for `If-Match`. */
  readonly revision: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** One activation, never changed. */
export interface RevisionRow {
  readonly number: number;
  readonly cause: "change" | "import" | "rollback";
  /** The revision that a rollback went back to. */
  readonly of: number | null;
  readonly actor: string;
  /** JSON list of `{kind, id, action}`, the first hundred. */
  readonly changes: string;
  readonly changeCount: number;
  readonly at: number;
}

/** The one row that every change holds while it is made: which revision is in force. */
export interface StateRow {
  readonly id: "table";
  readonly number: number;
}

/** The pillar's tables, for Kysely. Routes and upstreams belong to the installation (design §10.2). */
export interface GatewayTables {
  readonly gateway_objects: ObjectRow;
  readonly gateway_revisions: RevisionRow;
  readonly gateway_state: StateRow;
}

/** Whose rows the tables hold. */
export const gatewayTables: Readonly<Record<keyof GatewayTables, TableScope>> = {
  gateway_objects: "instance",
  gateway_revisions: "instance",
  gateway_state: "instance",
};
