import { Type } from "typebox";
import { checkRevision, operation } from "portico/kernel";
import { followTypes } from "../catalogue.ts";
import { refusePluginType } from "../declared.ts";
import { holdType } from "../find-type.ts";
import type { EventTables } from "../tables.ts";
import { TYPE_CHANGES } from "../tables.ts";
import { viewSummary } from "../type-view.ts";

/** `DELETE /event-types/{type}`: the description and its schemas; events of the type are accepted as before. */
export const deleteEventType = operation({
  id: "events.deleteType",
  method: "DELETE",
  path: "/event-types/{type}",
  summary: "Delete the description of an event type",
  description: "Events of the type stay, and further ones are accepted without being judged.",
  access: "event-types:write",
  mode: "write",
  params: Type.Object({ type: Type.String({ maxLength: 128 }) }),
  replies: { 204: null },
  errors: ["events.typeNotFound", "events.typeOfPlugin"],
  example: { path: { type: "invoice.sent" }, after: ["events.createType"] },
  afterCommit: followTypes,
  async handle({ path: { type }, ifMatch, caller, tx, ctx }) {
    refusePluginType(type, ctx);
    const before = await holdType(tx, type);
    checkRevision(ifMatch, before.revision);
    const db = tx.db<EventTables>();
    await db.deleteFrom("events_schemas").where("type", "=", type).execute();
    await db.deleteFrom("events_types").where("type", "=", type).execute();
    tx.emit("event_type.deleted", { type }, { subject: type });
    tx.audit({ action: "events.deleteType", target: type, before: viewSummary(before) });
    tx.changed(TYPE_CHANGES, JSON.stringify([caller.organization, type]));
  },
});
