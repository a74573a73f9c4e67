import { Type } from "typebox";
import { operation } from "portico/kernel";
import { declaredTypes } from "../declared.ts";
import { raise } from "../errors.ts";
import { findSchema, findType } from "../find-type.ts";
import { EventTypeView, viewDeclared, viewType } from "../type-view.ts";

/** `GET /event-types/{type}` */
export const getEventType = operation({
  id: "events.getType",
  method: "GET",
  path: "/event-types/{type}",
  summary: "Get an event type with its schema",
  access: "events:read",
  mode: "read",
  params: Type.Object({ type: Type.String({ maxLength: 128 }) }),
  query: Type.Object(
    {
      version: Type.Optional(
        Type.Integer({ minimum: 1, description: "Of the schema; the newest when left out." }),
      ),
    },
    { additionalProperties: false },
  ),
  replies: { 200: EventTypeView },
  errors: ["events.typeNotFound", "events.versionNotFound"],
  example: { path: { type: "invoice.sent" }, after: ["events.createType"] },
  async handle({ path: { type }, query, read, ctx }) {
    const declared = declaredTypes(ctx).get(type);
    if (declared !== undefined) {
      const { data, example } = declared.definition;
      return { ...viewDeclared(declared), schema: data, example: example ?? null };
    }
    const row = await findType(read, type);
    if (row === undefined) throw raise("events.typeNotFound", { params: { type } });
    const version = query.version ?? row.version;
    const schema = await findSchema(read, { type, version });
    if (schema === undefined && query.version !== undefined) {
      throw raise("events.versionNotFound", { params: { type, version } });
    }
    return viewType(row, schema);
  },
});
