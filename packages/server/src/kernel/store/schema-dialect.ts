import { OperationNodeTransformer, RawNode } from "kysely";
import type { ColumnDefinitionNode, CreateTableNode, RootOperationNode } from "kysely";
import type { ColumnTypes } from "../contract/index.ts";
import type { Driver } from "./driver.ts";

/** What the portable column types are on each database. */
export const columnTypes: Readonly<Record<Driver["dialect"], ColumnTypes>> = {
  sqlite: { text: "text", integer: "integer", real: "real", bytes: "blob" },
  postgres: { text: "text", integer: "bigint", real: "double precision", bytes: "bytea" },
};

/**
 * Makes a schema statement mean the same on both databases: tables are STRICT on SQLite (a column holds what it says),
 * text is `collate "C"` on PostgreSQL (it sorts by bytes, as on SQLite, whatever the server's locale is).
 */
export function portSchema(dialect: Driver["dialect"], node: RootOperationNode): RootOperationNode {
  const transformer = dialect === "sqlite" ? new StrictTables() : new ByteOrderedText();
  return transformer.transformNode(node);
}

class StrictTables extends OperationNodeTransformer {
  protected override transformCreateTable(node: CreateTableNode): CreateTableNode {
    const done = super.transformCreateTable(node);
    if (done.selectQuery !== undefined) return done;
    // SQLite takes table options after the closing bracket only, with commas between them.
    const given = done.endModifiers ?? [];
    const comma = given.length === 0 ? "" : ", ";
    return { ...done, endModifiers: [...given, RawNode.createWithSql(`${comma}strict`)] };
  }
}

class ByteOrderedText extends OperationNodeTransformer {
  protected override transformColumnDefinition(node: ColumnDefinitionNode): ColumnDefinitionNode {
    const done = super.transformColumnDefinition(node);
    const { dataType } = done;
    const isText = "dataType" in dataType && dataType.dataType === "text";
    return isText ? { ...done, dataType: RawNode.createWithSql('text collate "C"') } : done;
  }
}
