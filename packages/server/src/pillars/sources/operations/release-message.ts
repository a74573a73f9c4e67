import { Type } from "typebox";
import { accepted, operation } from "portico/kernel";
import type { Tx } from "portico/kernel";
import { emitStored, holdMessage } from "../emit-stored.ts";
import { raise } from "../errors.ts";
import type { MessageRow, SourceTables } from "../tables.ts";

/** `POST /sources/messages/{id}/release`: a quarantined message is accepted by hand. */
export const releaseMessage = operation({
  id: "sources.releaseMessage",
  method: "POST",
  path: "/sources/messages/{id}/release",
  summary: "Accept a message that was refused",
  description:
    "For messages that are known to be genuine, such as those that came before the secret was right. The message becomes " +
    "an event as it would have when it came. Its id is that of the answer's message.",
  access: "sources:write",
  mode: "write",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: {
    202: Type.Object({ ...accepted.properties, event: Type.String() }),
  },
  errors: [
    "sources.messageNotFound",
    "sources.notQuarantined",
    "sources.alreadyAccepted",
    "sources.reservedType",
  ],
  example: {
    path: { id: "{sources.test.id}" },
    after: ["sources.create", "sources.test"],
    refused: { "sources.notQuarantined": { times: 2 } },
  },
  async handle({ path, tx, ctx, origin }) {
    const row = await holdMessage(tx, path.id);
    const { id, state } = row;
    if (state !== "quarantined") throw raise("sources.notQuarantined", { params: { id, state } });
    const identity = await freeIdentity(tx, row);
    const event = emitStored(tx, row, { ctx, origin });
    await tx
      .db<SourceTables>()
      .updateTable("sources_messages")
      .set({ state: "released", event, identity })
      .where("id", "=", id)
      .execute();
    return { id, status: "released", event };
  },
});

async function freeIdentity(tx: Tx, { source, externalId }: MessageRow): Promise<string | null> {
  if (externalId === null) return null;
  const identity = `id:${externalId}`;
  const other = await tx
    .db<SourceTables>()
    .selectFrom("sources_messages")
    .select("id")
    .where("source", "=", source)
    .where("identity", "=", identity)
    .executeTakeFirst();
  if (other === undefined) return identity;
  throw raise("sources.alreadyAccepted", { params: { other: other.id } });
}
