import { Type } from "typebox";
import { checkRevision, operation } from "portico/kernel";
import type { Tx } from "portico/kernel";
import {
  acceptExample,
  acceptSchema,
  breakingChanges,
  refuseBreaking,
  storedSchema,
} from "../accept-schema.ts";
import { followTypes } from "../catalogue.ts";
import { refusePluginType } from "../declared.ts";
import { findSchema, holdType } from "../find-type.ts";
import type { EventTables, EventTypeRow, SchemaRow } from "../tables.ts";
import { TYPE_CHANGES } from "../tables.ts";
import { EventTypeView, typeFields, viewSummary, viewType } from "../type-view.ts";

const VERSIONS_MAX = 100;

/** `PATCH /event-types/{type}`: what is left out stays as it is; another schema is a new version. */
export const updateEventType = operation({
  id: "events.updateType",
  method: "PATCH",
  path: "/event-types/{type}",
  summary: "Change an event type",
  description:
    "A schema that differs becomes the next version, and data is judged by it from now on. What would break producers " +
    "or consumers is refused with each change and whom it breaks, unless `force` is true. The newest 100 versions are kept.",
  access: "event-types:write",
  mode: "write",
  params: Type.Object({ type: Type.String({ maxLength: 128 }) }),
  body: Type.Partial(
    Type.Object({
      ...typeFields,
      force: Type.Boolean({ description: "Takes a schema that breaks somebody." }),
    }),
    { additionalProperties: false, minProperties: 1 },
  ),
  replies: { 200: EventTypeView },
  errors: [
    "events.typeNotFound",
    "events.typeOfPlugin",
    "events.badSchema",
    "events.badExample",
    "events.breaking",
  ],
  example: {
    path: { type: "invoice.sent" },
    body: { deprecated: true, description: "Use invoice.delivered." },
    after: ["events.createType"],
    refused: { "events.breaking": { body: { schema: { type: "array" } } } },
  },
  afterCommit: followTypes,
  async handle({ path: { type }, body, ifMatch, caller, tx, ctx }) {
    refusePluginType(type, ctx);
    const before = await holdType(tx, type);
    checkRevision(ifMatch, before.revision);
    const newest = await findSchema(tx, before);
    const schema = nextSchema(newest, { before, body, now: ctx.clock.now() });
    const row = {
      ...before,
      description: body.description ?? before.description,
      group_name: body.group === undefined ? before.group_name : body.group,
      deprecated: body.deprecated === undefined ? before.deprecated : Number(body.deprecated),
      validation: body.validation === undefined ? before.validation : body.validation,
      version: schema?.version ?? 0,
      updated_at: ctx.clock.now(),
      revision: before.revision + 1,
    };
    await write(tx, row, schema);
    tx.emit("event_type.updated", { type, version: row.version }, { subject: type });
    tx.audit({
      action: "events.updateType",
      target: type,
      before: viewSummary(before),
      after: viewSummary(row),
    });
    tx.changed(TYPE_CHANGES, JSON.stringify([caller.organization, type]));
    return viewType(row, schema);
  },
});

interface Change {
  readonly before: EventTypeRow;
  readonly body: {
    readonly schema?: unknown;
    readonly example?: unknown;
    readonly force?: boolean;
  };
  readonly now: number;
}

/** The schema that is in force after the change. Raises what it must not be. */
function nextSchema(
  newest: SchemaRow | undefined,
  { before, body, now }: Change,
): SchemaRow | undefined {
  const text = body.schema === undefined ? newest?.schema : JSON.stringify(body.schema);
  if (text === undefined) return undefined;
  const schema = body.schema === undefined ? storedSchema(text) : acceptSchema(body.schema);
  if (body.example !== undefined) acceptExample(body.example, schema);
  const example = body.example === undefined ? undefined : JSON.stringify(body.example);
  if (newest !== undefined && text === newest.schema) {
    return { ...newest, example: example ?? newest.example };
  }
  const changes = breakingChanges(newest?.schema, schema);
  if (body.force !== true) refuseBreaking(before.type, changes);
  return {
    organization: before.organization,
    type: before.type,
    version: before.version + 1,
    schema: text,
    // The example of the schema before may not fit this one.
    example: example ?? null,
    breaking: changes.length > 0 ? 1 : 0,
    created_at: now,
  };
}

async function write(tx: Tx, row: EventTypeRow, schema: SchemaRow | undefined): Promise<void> {
  const db = tx.db<EventTables>();
  const { organization: _organization, type, ...columns } = row;
  await db.updateTable("events_types").set(columns).where("type", "=", type).execute();
  if (schema === undefined) return;
  await db
    .insertInto("events_schemas")
    .values(schema)
    .onConflict((conflict) =>
      conflict
        .columns(["organization", "type", "version"])
        .doUpdateSet({ example: schema.example }),
    )
    .execute();
  await db
    .deleteFrom("events_schemas")
    .where("type", "=", type)
    .where("version", "<=", schema.version - VERSIONS_MAX)
    .execute();
}
