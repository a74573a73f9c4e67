import type { PluginContext, Read } from "portico/kernel";
import { declaredTypes } from "./declared.ts";
import { findSchema } from "./find-type.ts";
import { readSchema } from "./schema/index.ts";
import type { EventSchema } from "./schema/index.ts";
import type { EventTables } from "./tables.ts";

/** Beyond this many bytes of schemas the further types of a document have none. */
const SCHEMAS_BYTES_MAX = 4_000_000;

/** A type as documents of all types have it. */
export interface DescribedType {
  readonly type: string;
  readonly description: string;
  readonly group: string | null;
  readonly isDeprecated: boolean;
  /** As it was sent; undefined where there is none. */
  readonly document: unknown;
  /** The same, read; undefined where it cannot be. */
  readonly schema: EventSchema | undefined;
  readonly example: unknown;
}

/** The types that plugins declare, by name. */
export function pluginTypes(ctx: PluginContext): readonly DescribedType[] {
  return [...declaredTypes(ctx).values()]
    .map(({ type, owner, definition }) => {
      // As it would arrive: TypeBox keeps more in its schemas than JSON.
      const document: unknown = JSON.parse(JSON.stringify(definition.data));
      const read = readSchema(document);
      return {
        type,
        description: definition.description,
        group: owner,
        isDeprecated: false,
        document,
        schema: "root" in read ? read : undefined,
        example: definition.example,
      };
    })
    .toSorted(byName);
}

/** The same with those of an organization. */
export async function allTypes(ctx: PluginContext, read: Read): Promise<readonly DescribedType[]> {
  const rows = await read.db<EventTables>().selectFrom("events_types").selectAll().execute();
  const own: DescribedType[] = [];
  let bytes = 0;
  for (const row of rows) {
    const found =
      row.version === 0 || bytes > SCHEMAS_BYTES_MAX ? undefined : await findSchema(read, row);
    bytes += found?.schema.length ?? 0;
    const document: unknown = found === undefined ? undefined : JSON.parse(found.schema);
    const schema = document === undefined ? undefined : readSchema(document);
    const example = found?.example;
    own.push({
      type: row.type,
      description: row.description,
      group: row.group_name,
      isDeprecated: row.deprecated === 1,
      document,
      schema: schema !== undefined && "root" in schema ? schema : undefined,
      example: typeof example === "string" ? (JSON.parse(example) as unknown) : undefined,
    });
  }
  return [...pluginTypes(ctx), ...own].toSorted(byName);
}

function byName(one: DescribedType, other: DescribedType): number {
  return one.type < other.type ? -1 : 1;
}
