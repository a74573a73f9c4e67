import type { Tx } from "portico/kernel";
import { SESSION_CHANGES } from "./face.ts";
import type { SessionsOf } from "./face.ts";
import type { SessionRow, SessionTables } from "./tables.ts";

/** Why a session was ended before its time. */
export type EndReason =
  "logout" | "ended" | "renewed" | "crowdedOut" | "refreshReused" | "impersonatorEnded";

/** What sessions are ended with. */
export interface EndParts {
  /** See `SessionVerifier.distrust`. */
  readonly distrust: (id: string, kind?: string) => void;
}

type EndedRow = Pick<SessionRow, "id" | "user_id" | "organization">;

/** Which rows, and why. */
export interface Ending {
  readonly rows: readonly EndedRow[];
  readonly reason: EndReason;
}

/** Ends all sessions of a person, all but one, or one, and what the person does as somebody else in them. */
export async function endSessions(
  parts: EndParts,
  { userId, except, only }: SessionsOf,
  tx: Tx,
): Promise<number> {
  let select = tx
    .db<SessionTables>()
    .selectFrom("identity_sessions")
    .select(["id", "user_id", "organization"])
    .where("user_id", "=", userId);
  if (only !== undefined) select = select.where("id", "=", only);
  if (except !== undefined) select = select.where("id", "<>", except);
  if (only !== undefined) select = select.where("id", "=", only);
  const rows = await select.orderBy("id").execute();
  return await endRows(parts, { rows, reason: "ended" }, tx);
}

/**
 * Ends sessions: rows and all their tokens with them. This process acts by it from the commit on, others when the change
 * feed tells them. Answers how many.
 */
export async function endRows(parts: EndParts, { rows, reason }: Ending, tx: Tx): Promise<number> {
  if (rows.length === 0) return 0;
  const ids = rows.map(({ id }) => id);
  const below = await tx
    .db<SessionTables>()
    .selectFrom("identity_sessions")
    .select(["id", "user_id", "organization"])
    .where("impersonator_session", "in", ids)
    .execute();
  const belowIds = new Set(below.map(({ id }) => id));
  const all = [...rows.filter(({ id }) => !belowIds.has(id)), ...below];
  await tx
    .db<SessionTables>()
    .deleteFrom("identity_sessions")
    .where("id", "in", all.map(({ id }) => id).toSorted())
    .execute();
  for (const row of all)
    tellEnd(parts, { row, reason: belowIds.has(row.id) ? "impersonatorEnded" : reason }, tx);
  return all.length;
}

function tellEnd(
  { distrust }: EndParts,
  { row, reason }: { readonly row: EndedRow; readonly reason: EndReason },
  tx: Tx,
): void {
  const { id, user_id: userId, organization } = row;
  distrust(id, SESSION_CHANGES);
  // A person has sessions in several organizations; each learns of its own.
  const there = tx.within({ organization });
  there.emit("session.ended", { id, userId, reason }, { subject: id });
  there.audit({ action: "session.ended", target: id, before: { userId }, after: { reason } });
  tx.changed(SESSION_CHANGES, id);
}
