import { Type } from "typebox";
import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { endRows, endSessions } from "../end.ts";
import { personOf, visible } from "../owner.ts";
import { Sessions } from "../room.ts";
import type { SessionTables } from "../tables.ts";

/** `DELETE /sessions` */
export const endAllSessions: Operation = operation({
  id: "sessions.endAll",
  method: "DELETE",
  path: "/sessions",
  summary: "End your other sessions",
  description:
    "All but the one that asks; with `all=true` that one too. Their tokens end with them: here from the answer on, on other " +
    "processes within a second.",
  access: "caller",
  mode: "write",
  audit: "none",
  query: Type.Object(
    { all: Type.Optional(Type.Boolean({ default: false })) },
    { additionalProperties: false },
  ),
  replies: { 200: Type.Object({ ended: Type.Integer() }) },
  errors: ["identity.notSession"],
  example: {},
  async handle({ query, caller, tx, ctx }) {
    const userId = personOf(caller);
    const { credential } = caller;
    const isKept = query.all !== true && credential !== undefined;
    const which = isKept ? { userId, except: credential } : { userId };
    return { ended: await endSessions(ctx.get(Sessions), which, tx) };
  },
});

/** `DELETE /sessions/{id}` */
export const endSession: Operation = operation({
  id: "sessions.end",
  method: "DELETE",
  path: "/sessions/{id}",
  summary: "End a session",
  description: "One's own; with `sessions:write`, any of the organization.",
  access: "caller",
  mode: "write",
  audit: "none",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 204: null },
  errors: ["identity.sessionNotFound"],
  example: { path: { id: "{auth.login.sessionId}" }, after: ["auth.register", "auth.login"] },
  async handle({ path, caller, tx, ctx }) {
    const select = tx
      .db<SessionTables>()
      .selectFrom("identity_sessions")
      .selectAll()
      .where("id", "=", path.id);
    const found = await tx.forUpdate(select).executeTakeFirst();
    const wanted = { id: path.id, caller, ctx, permission: "sessions:write" } as const;
    await endRows(ctx.get(Sessions), { rows: [visible(found, wanted)], reason: "ended" }, tx);
  },
});
