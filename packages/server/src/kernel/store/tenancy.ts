import {
  AliasNode,
  AndNode,
  BinaryOperationNode,
  ColumnNode,
  FromNode,
  IdentifierNode,
  OperationNodeTransformer,
  OperatorNode,
  ParensNode,
  PrimitiveValueListNode,
  ReferenceNode,
  SelectAllNode,
  SelectionNode,
  SelectQueryNode,
  TableNode,
  ValueListNode,
  ValueNode,
  ValuesNode,
  WhereNode,
} from "kysely";
import type {
  ColumnUpdateNode,
  CommonTableExpressionNode,
  DeleteQueryNode,
  InsertQueryNode,
  JoinNode,
  OnConflictNode,
  OperationNode,
  OrActionNode,
  RawNode,
  RootOperationNode,
  UpdateQueryNode,
  UsingNode,
} from "kysely";
import type { Problem } from "../../base/index.ts";
import type { TableScope } from "../contract/index.ts";
import { raiseStore } from "./errors.ts";

const ORGANIZATION = "organization";

/** Every table of the installation: whose it is, and whose rows it holds. */
export type TableMap = ReadonlyMap<string, { readonly owner: string; readonly scope: TableScope }>;

/** What a statement is bound to. */
export interface Binding {
  readonly owner: string;
  readonly tables: TableMap;
  /** Undefined for the scope `instance`: nothing is narrowed, and inserts name the organization themselves. */
  readonly organization?: OrganizationValue;
}

/** The organization as a value of the statement: its id, or a place that is filled at every use. */
export interface OrganizationValue {
  readonly value: unknown;
  /** What to bind where the statement itself gives the organization; undefined when it is another one. */
  readonly accept: (given: unknown) => unknown;
}

/**
 * Binds a statement to its owner's tables and its scope's rows. Works on the syntax tree, in the compiler itself, so
 * that no builder option goes round it. A table in a `from`, `join` or `using` becomes a subquery of the organization's
 * rows: one form that holds for outer joins, subqueries and CTEs alike.
 */
export function bindStatement(node: RootOperationNode, binding: Binding): RootOperationNode {
  switch (node.kind) {
    case "SelectQueryNode":
    case "InsertQueryNode":
    case "UpdateQueryNode":
    case "DeleteQueryNode":
    case "RawNode":
      return new StatementBinder(binding).transformNode(node);
    default:
      throw unsupported(`${node.kind} is not a select, insert, update or delete`);
  }
}

function unsupported(reason: string): Problem {
  return raiseStore("store.unsupportedStatement", { params: { reason } });
}

class StatementBinder extends OperationNodeTransformer {
  readonly #binding: Binding;
  readonly #ctes = new Set<string>();

  constructor(binding: Binding) {
    super();
    this.#binding = binding;
  }

  protected override transformFrom(node: FromNode): FromNode {
    // A delete's own table is narrowed by its `where`, not by a subquery.
    if (this.nodeStack.at(-2)?.kind === "DeleteQueryNode") return node;
    return FromNode.create(node.froms.map((item) => this.#source(item)));
  }

  protected override transformJoin(node: JoinNode): JoinNode {
    return { ...super.transformJoin({ ...node, table: NOTHING }), table: this.#source(node.table) };
  }

  protected override transformUsing(node: UsingNode): UsingNode {
    return { ...node, tables: node.tables.map((item) => this.#source(item)) };
  }

  protected override transformCommonTableExpression(
    node: CommonTableExpressionNode,
  ): CommonTableExpressionNode {
    const name = node.name.table.table.identifier.name;
    if (this.#binding.tables.has(name) || /^(sqlite_|pg_|information_schema)/i.test(name)) {
      throw unsupported(`the name '${name}' of a common table expression is a table's`);
    }
    this.#ctes.add(name);
    return super.transformCommonTableExpression(node);
  }

  protected override transformInsertQuery(node: InsertQueryNode): InsertQueryNode {
    if (node.replace === true || node.into === undefined) {
      throw unsupported("`replace` deletes rows that the handle may not see; use `on conflict`");
    }
    const isBound = this.#isBound(node.into);
    const stamped = isBound ? this.#stamp(node) : this.#requireOrganization(node);
    const withNode = this.transformNode(node.with);
    const done = super.transformInsertQuery({ ...stamped, with: undefined } as never);
    return define({ ...done, with: withNode });
  }

  protected override transformUpdateQuery(node: UpdateQueryNode): UpdateQueryNode {
    const table = tableOf(node.table);
    if (table === undefined) throw unsupported("an update names one table");
    const cond = this.#isBound(table.node) ? this.#condition(table.alias) : undefined;
    if (cond !== undefined) this.#refuseMove(node.updates, table.name);
    // `with` first: its names have to be known when the sources are looked at.
    const withNode = this.transformNode(node.with);
    const done = super.transformUpdateQuery({ ...node, table: NOTHING, with: undefined } as never);
    return define({ ...done, table: node.table, with: withNode, where: both(done.where, cond) });
  }

  protected override transformDeleteQuery(node: DeleteQueryNode): DeleteQueryNode {
    const [only] = node.from.froms;
    const table = tableOf(only);
    if (table === undefined || node.from.froms.length !== 1) {
      throw unsupported("a delete names one table");
    }
    const cond = this.#isBound(table.node) ? this.#condition(table.alias) : undefined;
    const withNode = this.transformNode(node.with);
    const done = super.transformDeleteQuery({ ...node, with: undefined } as never);
    return define({ ...done, with: withNode, where: both(done.where, cond) });
  }

  protected override transformSelectQuery(node: SelectQueryNode): SelectQueryNode {
    const withNode = this.transformNode(node.with);
    const done = super.transformSelectQuery({ ...node, with: undefined } as never);
    return define({ ...done, with: withNode });
  }

  protected override transformOnConflict(node: OnConflictNode): OnConflictNode {
    const done = super.transformOnConflict(node);
    const insert = this.nodeStack.at(-2) as InsertQueryNode | undefined;
    const into = insert?.into;
    if (into === undefined || done.updates === undefined || !this.#isBound(into)) return done;
    const name = into.table.identifier.name;
    this.#refuseMove(done.updates, name);
    // The row in the way may be another organization's, where a unique index does not start with it.
    return define({ ...done, updateWhere: both(done.updateWhere, this.#condition(name)) });
  }

  protected override transformOrAction(node: OrActionNode): OrActionNode {
    if (node.action.toLowerCase() === "replace") throw unsupported("`or replace` deletes rows");
    return node;
  }

  protected override transformRaw(node: RawNode): RawNode {
    const text = node.sqlFragments.join(" ");
    if (namesTables(text) || node.parameters.some((part) => part.kind === "TableNode")) {
      throw unsupported(`raw SQL names tables: ${text.slice(0, 80)}`);
    }
    return super.transformRaw(node);
  }

  #source(node: OperationNode): OperationNode {
    const table = tableOf(node);
    if (table === undefined) return this.transformNode(node);
    if (this.#ctes.has(table.name) && table.node.table.schema === undefined) return node;
    if (!this.#isBound(table.node)) return node;
    const rows: SelectQueryNode = {
      ...SelectQueryNode.createFrom([table.node]),
      selections: [SelectionNode.create(SelectAllNode.create())],
      where: WhereNode.create(this.#condition(table.name)),
    };
    return AliasNode.create(rows, IdentifierNode.create(table.alias));
  }

  /** True when the table's rows have to be narrowed; throws when it is no table of the owner. */
  #isBound(node: TableNode): boolean {
    const { owner, tables, organization } = this.#binding;
    const table = node.table.identifier.name;
    const known = tables.get(table);
    if (node.table.schema !== undefined || known?.owner !== owner) {
      throw raiseStore("store.foreignTable", { params: { table, owner } });
    }
    return organization !== undefined && known.scope === "organization";
  }

  #condition(alias: string): OperationNode {
    return BinaryOperationNode.create(
      ReferenceNode.create(ColumnNode.create(ORGANIZATION), TableNode.create(alias)),
      OperatorNode.create("="),
      ValueNode.create(this.#binding.organization?.value),
    );
  }

  #refuseMove(updates: readonly ColumnUpdateNode[] | undefined, table: string): void {
    if (updates?.some((update) => columnName(update.column) === ORGANIZATION) !== true) return;
    throw raiseStore("store.foreignOrganization", { params: { table } });
  }

  #requireOrganization(node: InsertQueryNode): InsertQueryNode {
    const table = node.into?.table.identifier.name ?? "";
    const isOrganizations = this.#binding.tables.get(table)?.scope === "organization";
    const isNamed = node.columns?.some(({ column }) => column.name === ORGANIZATION) === true;
    if (!isOrganizations || isNamed) return node;
    throw raiseStore("store.foreignOrganization", {
      params: { table },
      internal: "a handle of scope 'instance' has to name the organization in every insert",
    });
  }

  #stamp(node: InsertQueryNode): InsertQueryNode {
    const columns = node.columns ?? [];
    const index = columns.findIndex(({ column }) => column.name === ORGANIZATION);
    if (node.values === undefined || columns.length === 0) {
      throw unsupported("an insert lists its columns");
    }
    if (!ValuesNode.is(node.values)) return this.#stampSelected(node, index);
    const values = ValuesNode.create(
      node.values.values.map((row) => this.#stampRow(row, index, node)),
    );
    return {
      ...node,
      values,
      columns: index < 0 ? [...columns, ColumnNode.create(ORGANIZATION)] : columns,
    };
  }

  #stampRow(
    row: PrimitiveValueListNode | ValueListNode,
    index: number,
    node: InsertQueryNode,
  ): PrimitiveValueListNode | ValueListNode {
    const own = this.#binding.organization;
    if (PrimitiveValueListNode.is(row)) {
      const values = [...row.values];
      if (index < 0) values.push(own?.value);
      else values[index] = this.#accept(values[index], node);
      return PrimitiveValueListNode.create(values);
    }
    const values = [...row.values];
    const given = index < 0 ? undefined : values[index];
    if (given === undefined) values.push(ValueNode.create(own?.value));
    // Left out in this row, given in another.
    else if (given.kind === "DefaultInsertValueNode") values[index] = ValueNode.create(own?.value);
    else {
      const value = ValueNode.is(given) ? given.value : undefined;
      values[index] = ValueNode.create(this.#accept(value, node));
    }
    return ValueListNode.create(values);
  }

  #accept(given: unknown, node: InsertQueryNode): unknown {
    const accepted = this.#binding.organization?.accept(given);
    if (accepted !== undefined) return accepted;
    const table = node.into?.table.identifier.name ?? "";
    throw raiseStore("store.foreignOrganization", { params: { table } });
  }

  #stampSelected(node: InsertQueryNode, index: number): InsertQueryNode {
    const table = node.into?.table.identifier.name ?? "";
    const { values } = node;
    if (index >= 0 || values?.kind !== "SelectQueryNode") {
      throw raiseStore("store.foreignOrganization", {
        params: { table },
        internal: "`insert ... select` is stamped with the organization; leave the column out",
      });
    }
    const alias = "portico_rows";
    const selected: SelectQueryNode = {
      ...SelectQueryNode.createFrom([AliasNode.create(values, IdentifierNode.create(alias))]),
      selections: [
        SelectionNode.create(SelectAllNode.create()),
        SelectionNode.create(ValueNode.create(this.#binding.organization?.value) as never),
      ],
    };
    const columns = [...(node.columns ?? []), ColumnNode.create(ORGANIZATION)];
    return { ...node, values: selected, columns };
  }
}

const NOTHING: OperationNode = IdentifierNode.create("");

/** The table that a node names, and how the rest of the statement calls it. */
function tableOf(
  node: OperationNode | undefined,
): { readonly node: TableNode; readonly name: string; readonly alias: string } | undefined {
  if (node === undefined) return undefined;
  if (TableNode.is(node)) {
    const { name } = node.table.identifier;
    return { node, name, alias: name };
  }
  if (!AliasNode.is(node) || !TableNode.is(node.node)) return undefined;
  const { name } = node.node.table.identifier;
  if (!IdentifierNode.is(node.alias)) throw unsupported("an alias is a plain name");
  return { node: node.node, name, alias: node.alias.name };
}

function columnName(node: OperationNode): string | undefined {
  if (ColumnNode.is(node)) return node.column.name;
  if (ReferenceNode.is(node) && ColumnNode.is(node.column)) return node.column.column.name;
  return undefined;
}

function both(
  where: WhereNode | undefined,
  cond: OperationNode | undefined,
): WhereNode | undefined {
  if (cond === undefined) return where;
  if (where === undefined) return WhereNode.create(cond);
  return WhereNode.create(AndNode.create(ParensNode.create(where.where), cond));
}

// exactOptionalPropertyTypes: Kysely's nodes want a property left out rather than undefined; its compiler takes both.
function define<TNode extends OperationNode>(node: {
  [TKey in keyof TNode]: TNode[TKey] | undefined;
}): TNode {
  return node as TNode;
}

const QUOTED = /'(?:[^']|'')*'/g;
const HARMLESS = /\bdistinct\s+from\b|\bfor\s+(?:no\s+key\s+)?update\b/gi;
const TABLE_WORDS =
  /\b(?:from|join|into|update|table|truncate|delete|insert|create|alter|drop|attach|detach|pragma|vacuum|copy)\b/i;

function namesTables(text: string): boolean {
  return TABLE_WORDS.test(text.replaceAll(QUOTED, "''").replaceAll(HARMLESS, ""));
}
