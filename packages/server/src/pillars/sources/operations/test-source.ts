import { Buffer } from "node:buffer";
import { Type } from "typebox";
import { accepted, operation } from "portico/kernel";
import { findSource } from "../find.ts";
import { writeMessage } from "../store-message.ts";
import { readMessage } from "../verification/index.ts";

/** `POST /sources/{id}/test`: a message of ours, so that what follows can be tried before a sender is set up. */
export const testSource = operation({
  id: "sources.test",
  method: "POST",
  path: "/sources/{id}/test",
  summary: "Try a source with a message of Portico's own",
  description:
    "Stores a small JSON message as if it had come in. Genuine, it becomes an event `{eventPrefix}.test`; else it goes into " +
    "quarantine, as one with a wrong signature does.",
  access: "sources:write",
  mode: "append",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  body: Type.Object(
    { genuine: Type.Boolean({ description: "False: as if its signature were wrong." }) },
    { additionalProperties: false },
  ),
  replies: { 202: accepted },
  errors: ["sources.notFound"],
  example: {
    path: { id: "{sources.create.id}" },
    body: { genuine: false },
    after: ["sources.create"],
  },
  prepare: ({ path, read }) => findSource(read, path.id),
  handle({ body, prepared, append, ctx, origin }) {
    const id = ctx.makeId("message");
    const rawHeaders = ["Content-Type", "application/json", "User-Agent", "Portico"];
    const bytes = Buffer.from(JSON.stringify({ id, type: "test", source: prepared.id }));
    writeMessage(append, {
      id,
      source: prepared.id,
      message: readMessage({ rawHeaders, body: bytes, url: "" }),
      rawHeaders,
      eventType: `${prepared.eventPrefix}.test`,
      externalId: null,
      identity: null,
      reason: body.genuine ? null : "wrongSignature",
      receivedAt: ctx.clock.now(),
      origin,
    });
    return { id, status: body.genuine ? "accepted" : "quarantined" };
  },
});
