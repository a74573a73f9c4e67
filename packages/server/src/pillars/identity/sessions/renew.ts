import type { Tx } from "portico/kernel";
import { endRows } from "./end.ts";
import type { OpenedSession } from "./face.ts";
import { openSession } from "./open.ts";
import type { OpenParts } from "./open.ts";
import type { SessionTables } from "./tables.ts";

/**
 * Puts a new session, with a new id and new secrets, in the place of one whose holder has given a further proof: who has got
 * hold of the old one has gained nothing (session fixation). It ends no later than the old one would have.
 */
export async function renewSession(
  parts: OpenParts,
  { id, methods }: { readonly id: string; readonly methods: readonly string[] },
  tx: Tx,
): Promise<OpenedSession | undefined> {
  const select = tx
    .db<SessionTables>()
    .selectFrom("identity_sessions")
    .selectAll()
    .where("id", "=", id);
  const row = await tx.forUpdate(select).executeTakeFirst();
  if (row === undefined || row.impersonator !== null) return undefined;
  if (row.ends_at <= parts.ctx.clock.now()) return undefined;
  await endRows(parts, { rows: [row], reason: "renewed" }, tx);
  // Written by `openSession`.
  const before = JSON.parse(row.methods) as string[];
  return await openSession(
    parts,
    {
      userId: row.user_id,
      organization: row.organization,
      from: { address: row.address, device: row.device },
      methods: [...new Set([...before, ...methods])],
      life: row.life === "short" ? "short" : "long",
      expiresAt: row.expires_at,
    },
    tx,
  );
}
