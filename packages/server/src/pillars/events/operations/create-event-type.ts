import { Type } from "typebox";
import { operation } from "portico/kernel";
import type { Tx } from "portico/kernel";
import { acceptExample, acceptSchema } from "../accept-schema.ts";
import { refuseReserved } from "../declared.ts";
import { followTypes } from "../catalogue.ts";
import { raise } from "../errors.ts";
import type { EventTables } from "../tables.ts";
import { TYPE_CHANGES } from "../tables.ts";
import { EventTypeView, typeFields, viewType } from "../type-view.ts";
import { TYPE_PATTERN } from "../view.ts";

const TYPES_MAX = 1_000;

/** `POST /event-types`: a type that the organization's events may have, described before its first event or after. */
export const createEventType = operation({
  id: "events.createType",
  method: "POST",
  path: "/event-types",
  summary: "Describe an event type",
  description:
    "Events of types that nobody described are accepted as well. A description with a schema is what `validation` judges " +
    "by, what `/api/v1/asyncapi` shows and what `portico events types` writes as TypeScript.",
  access: "event-types:write",
  mode: "write",
  idempotent: true,
  body: Type.Object(
    {
      type: Type.String({ pattern: TYPE_PATTERN, maxLength: 128 }),
      description: Type.Optional(typeFields.description),
      group: Type.Optional(typeFields.group),
      deprecated: Type.Optional(typeFields.deprecated),
      validation: Type.Optional(typeFields.validation),
      schema: Type.Optional(typeFields.schema),
      example: Type.Optional(typeFields.example),
    },
    { additionalProperties: false },
  ),
  replies: { 201: EventTypeView },
  errors: [
    "events.typeTaken",
    "events.reservedType",
    "events.tooManyTypes",
    "events.badSchema",
    "events.badExample",
  ],
  example: {
    body: {
      type: "invoice.sent",
      description: "An invoice left the house.",
      group: "Invoices",
      schema: {
        type: "object",
        properties: { invoice: { type: "string" }, total: { type: "integer" } },
        required: ["invoice"],
      },
      example: { invoice: "inv_1042", total: 4200 },
    },
    refused: { "events.typeTaken": { body: { type: "invoice.taken" }, times: 2 } },
  },
  afterCommit: followTypes,
  async handle({ body, caller, tx, ctx }) {
    refuseReserved(body.type, ctx);
    const { type, schema: document, example } = body;
    const schema = document === undefined ? undefined : acceptSchema(document);
    if (schema !== undefined && example !== undefined) acceptExample(example, schema);
    await refuseMany(tx);
    const now = ctx.clock.now();
    const row = {
      organization: caller.organization,
      type,
      group_name: body.group ?? null,
      description: body.description ?? "",
      deprecated: body.deprecated === true ? 1 : 0,
      validation: body.validation ?? null,
      version: schema === undefined ? 0 : 1,
      created_at: now,
      updated_at: now,
      revision: 1,
    };
    const db = tx.db<EventTables>();
    const { numInsertedOrUpdatedRows: inserted } = await db
      .insertInto("events_types")
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (Number(inserted) === 0) throw raise("events.typeTaken", { params: { type } });
    const first = {
      organization: caller.organization,
      type,
      version: 1,
      schema: JSON.stringify(document ?? null),
      example: example === undefined ? null : JSON.stringify(example),
      breaking: 0,
      created_at: now,
    };
    if (schema !== undefined) await db.insertInto("events_schemas").values(first).execute();
    tx.emit("event_type.created", { type, version: row.version }, { subject: type });
    tx.changed(TYPE_CHANGES, JSON.stringify([caller.organization, type]));
    return viewType(row, schema === undefined ? undefined : first);
  },
});

async function refuseMany(tx: Tx): Promise<void> {
  const { count } = await tx
    .db<EventTables>()
    .selectFrom("events_types")
    .select(({ fn }) => fn.countAll().as("count"))
    .executeTakeFirstOrThrow();
  if (Number(count) >= TYPES_MAX)
    throw raise("events.tooManyTypes", { params: { max: TYPES_MAX } });
}
