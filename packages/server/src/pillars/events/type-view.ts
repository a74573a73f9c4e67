import { Type } from "typebox";
import type { Static } from "typebox";
import { toRfc3339 } from "portico/kernel";
import type { RegisteredEvent } from "portico/kernel";
import { Validation } from "./settings.ts";
import type { EventTypeRow, SchemaRow } from "./tables.ts";

const orNull = <TSchema extends ReturnType<typeof Type.String> | ReturnType<typeof Type.Integer>>(
  schema: TSchema,
): ReturnType<typeof Type.Union<[TSchema, ReturnType<typeof Type.Null>]>> =>
  Type.Union([schema, Type.Null()]);

/** An event type in a list. */
export const EventTypeSummary = Type.Object({
  type: Type.String(),
  description: Type.String(),
  group: orNull(Type.String({ description: "Under which people look for it." })),
  deprecated: Type.Boolean({ description: "Still accepted; nobody should begin to rely on it." }),
  validation: Type.Union([Validation, Type.Null()], {
    description: "What is done with data that does not fit; null for what the settings say.",
  }),
  plugin: orNull(
    Type.String({ description: "The plugin that declares it, and alone may change and emit it." }),
  ),
  version: orNull(Type.Integer({ description: "Of the newest schema; null while there is none." })),
  createdAt: orNull(Type.String({ format: "date-time" })),
  updatedAt: orNull(Type.String({ format: "date-time" })),
  revision: Type.Integer(),
});

/** An event type with a schema. */
export const EventTypeView = Type.Object({
  ...EventTypeSummary.properties,
  schema: Type.Unknown({ description: "JSON Schema 2020-12 of `data`; null while there is none." }),
  example: Type.Unknown({ description: "Data that fits the schema; null where there is none." }),
});

/** What a caller may say of a type. */
export const typeFields = {
  description: Type.String({ maxLength: 2_000 }),
  group: Type.Union([Type.String({ minLength: 1, maxLength: 64 }), Type.Null()]),
  deprecated: Type.Boolean(),
  validation: Type.Union([Validation, Type.Null()]),
  schema: Type.Union([Type.Object({}, { additionalProperties: true }), Type.Boolean()], {
    description: "JSON Schema 2020-12 of `data`.",
  }),
  example: Type.Unknown({ description: "Data that fits the schema." }),
};

/** One row in the form callers see. */
export function viewSummary(row: EventTypeRow): Static<typeof EventTypeSummary> {
  return {
    type: row.type,
    description: row.description,
    group: row.group_name,
    deprecated: row.deprecated === 1,
    // Only values of this union are written.
    validation: row.validation as Static<typeof Validation> | null,
    plugin: null,
    version: row.version === 0 ? null : row.version,
    createdAt: toRfc3339(row.created_at),
    updatedAt: toRfc3339(row.updated_at),
    revision: row.revision,
  };
}

/** The same with a schema. */
export function viewType(
  row: EventTypeRow,
  schema: SchemaRow | undefined,
): Static<typeof EventTypeView> {
  return {
    ...viewSummary(row),
    version: schema?.version ?? null,
    schema: schema === undefined ? null : JSON.parse(schema.schema),
    example:
      schema?.example === undefined || schema.example === null ? null : JSON.parse(schema.example),
  };
}

/** A type that a plugin declares: its summary. */
export function viewDeclared({
  type,
  owner,
  definition,
}: RegisteredEvent): Static<typeof EventTypeSummary> {
  return {
    type,
    description: definition.description,
    group: owner,
    deprecated: false,
    validation: null,
    plugin: owner,
    version: 1,
    createdAt: null,
    updatedAt: null,
    revision: 1,
  };
}
