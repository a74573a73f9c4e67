import { Type } from "typebox";
import { accepted, operation } from "portico/kernel";
import { emitStored, holdMessage } from "../emit-stored.ts";
import { raise } from "../errors.ts";

/** `POST /sources/messages/{id}/replay`: the same bytes as a new event. */
export const replayMessage = operation({
  id: "sources.replayMessage",
  method: "POST",
  path: "/sources/messages/{id}/replay",
  summary: "Make another event of a message",
  description:
    "A new event with the same type and bytes, delivered to whatever subscribes now. The answer's id is that of the event.",
  access: "sources:write",
  mode: "write",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 202: accepted },
  errors: ["sources.messageNotFound", "sources.notAccepted", "sources.reservedType"],
  example: {
    path: { id: "{sources.test.id}" },
    after: ["sources.create", "sources.test", "sources.releaseMessage"],
    refused: { "sources.notAccepted": { after: ["sources.create", "sources.test"] } },
  },
  async handle({ path, tx, ctx, origin }) {
    const row = await holdMessage(tx, path.id);
    if (row.state === "quarantined") {
      throw raise("sources.notAccepted", { params: { id: row.id } });
    }
    return { id: emitStored(tx, row, { ctx, origin }), status: "accepted" };
  },
});
