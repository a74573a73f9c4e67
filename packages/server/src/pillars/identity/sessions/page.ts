import type { Cursors, PluginContext, Read } from "portico/kernel";
import type { SessionTables } from "./tables.ts";
import { toView } from "./view.ts";
import type { SessionView } from "./view.ts";
import type { Static } from "typebox";

/** Which sessions a page holds. */
export interface SessionsQuery {
  readonly userId?: string | undefined;
  readonly organization?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor: Cursors;
  /** The session that asks. */
  readonly currentId: string | undefined;
}

/** Sessions that live, newest first, as they are answered. */
export async function pageOf(
  { userId, organization, limit = 50, cursor, currentId }: SessionsQuery,
  read: Read,
  ctx: PluginContext,
): Promise<{ readonly data: Static<typeof SessionView>[]; readonly next: string | null }> {
  const after = cursor.after?.[0];
  let select = read
    .db<SessionTables>()
    .selectFrom("identity_sessions")
    .selectAll()
    .where("ends_at", ">", Math.floor(ctx.clock.now()));
  if (userId !== undefined) select = select.where("user_id", "=", userId);
  if (organization !== undefined) select = select.where("organization", "=", organization);
  if (after !== undefined) select = select.where("id", "<", String(after));
  const rows = await select
    .orderBy("id", "desc")
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return {
    data: page.map((row) => toView(row, currentId)),
    next: last === undefined ? null : cursor.next([last.id]),
  };
}
