import type { Compilable, Kysely, RootOperationNode } from "kysely";
import type { Params, SqlValue, Statement } from "../contract/index.ts";
import type { Driver, DriverStatement } from "./driver.ts";
import { raiseStore } from "./errors.ts";
import { createDb } from "./kysely.ts";
import { bindStatement } from "./tenancy.ts";
import type { OrganizationValue, TableMap } from "./tenancy.ts";

/**
 * Declares a statement that is compiled once for each database and filled with parameters ever after: the form of every
 * hot path. It sees its owner's tables, bound to the scope of the batch it is written through.
 *
 * @example
 * const touchKey = statement<{ id: string; at: number }>("keys.touch", (db: Kysely<KeyTables>, param) =>
 *   db.updateTable("keys_key").set({ usedAt: param("at") }).where("id", "=", param("id")),
 * );
 * batch.write(touchKey, { id, at: clock.now() }, 1);
 */
export function statement<TParams extends Params, TTables = never>(
  name: string,
  build: (db: Kysely<TTables>, param: (name: keyof TParams & string) => never) => Compilable,
): Statement<TParams> {
  // The tables are a matter of the builder's types only; the store hands the same Kysely to every statement.
  return { name, build: build as unknown as Statement<TParams>["build"] };
}

/** Stands in a statement where a parameter will be. */
class Place {
  readonly name: string | undefined;
  readonly isOrganization: boolean;

  constructor(name: string | undefined, isOrganization: boolean) {
    this.name = name;
    this.isOrganization = isOrganization;
  }
}

const organizationPlace = new Place(undefined, true);

/** A template holds no organization yet: where the statement gives one, it is compared at every use. */
const templateOrganization: OrganizationValue = {
  value: organizationPlace,
  accept: (given) => (given instanceof Place ? new Place(given.name, true) : undefined),
};

interface Compiled {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Where a statement is used. */
export interface StatementUse {
  readonly dialect: Driver["dialect"];
  readonly owner: string;
  readonly tables: TableMap;
  /** Undefined for the scope `instance`. */
  readonly organization: string | undefined;
}

const compiledStatements = new WeakMap<object, Map<string, Compiled>>();

/** The driver's form of a statement with its parameters filled in. Throws `store.badValue` when one is missing. */
export function fillStatement<TParams extends Params>(
  use: StatementUse,
  declared: Statement<TParams>,
  params: TParams,
): DriverStatement {
  const { sql, parameters } = compiledFor(use, declared);
  return { sql, parameters: parameters.map((part) => fill(part, use, { declared, params })) };
}

function fill<TParams extends Params>(
  part: unknown,
  use: StatementUse,
  given: { readonly declared: Statement<TParams>; readonly params: TParams },
): SqlValue {
  // What is no place is a constant of the statement; the driver checks it like any value.
  if (!(part instanceof Place)) return part as SqlValue;
  if (part.name === undefined) return use.organization ?? null;
  const value = given.params[part.name];
  if (value === undefined) {
    const reason = `the parameter '${part.name}' of '${given.declared.name}' is missing`;
    throw raiseStore("store.badValue", { params: { reason } });
  }
  if (part.isOrganization && value !== use.organization) {
    throw raiseStore("store.foreignOrganization", { params: { table: given.declared.name } });
  }
  return value;
}

function compiledFor<TParams extends Params>(
  use: StatementUse,
  declared: Statement<TParams>,
): Compiled {
  const forms = compiledStatements.get(declared) ?? new Map<string, Compiled>();
  compiledStatements.set(declared, forms);
  const form = `${use.dialect} ${use.owner} ${use.organization === undefined ? "i" : "o"}`;
  const known = forms.get(form);
  if (known !== undefined) return known;
  const compiled = compile(use, declared);
  forms.set(form, compiled);
  return compiled;
}

function compile<TParams extends Params>(
  use: StatementUse,
  declared: Statement<TParams>,
): Compiled {
  const { dialect, owner, tables } = use;
  const bind = (node: RootOperationNode): RootOperationNode =>
    bindStatement(
      node,
      use.organization === undefined
        ? { owner, tables }
        : { owner, tables, organization: templateOrganization },
    );
  const db = createDb<never>({
    dialect,
    prepare: bind,
    execute: () => Promise.reject(raiseStore("store.readOnly")),
  });
  // A place is no value of any column's type; `never` lets it stand where each of them may.
  const built = declared.build(db, (name) => new Place(name, false) as never);
  return built.compile();
}
