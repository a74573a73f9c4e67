import { operation, reply } from "portico/kernel";
import { cookieForm, writeCookie } from "../cookie.ts";
import { endRows } from "../end.ts";
import { sessionOf } from "../owner.ts";
import { Sessions } from "../room.ts";
import type { SessionTables } from "../tables.ts";

/** `POST /auth/logout` */
export const logout = operation({
  id: "auth.logout",
  method: "POST",
  path: "/auth/logout",
  summary: "Sign out",
  description:
    "Ends the session that asks, and all its tokens: here from the answer on, on other processes within a second.",
  access: "caller",
  mode: "write",
  audit: "none",
  replies: { 204: null },
  errors: ["identity.notSession"],
  example: { bearer: "{auth.login.accessToken}", after: ["auth.register", "auth.login"] },
  async handle({ caller, tx, ctx }) {
    const rows = await tx
      .db<SessionTables>()
      .selectFrom("identity_sessions")
      .select(["id", "user_id", "organization"])
      .where("id", "=", sessionOf(caller))
      .execute();
    await endRows(ctx.get(Sessions), { rows, reason: "logout" }, tx);
    const form = cookieForm(ctx.server);
    return reply(
      204,
      undefined,
      form === undefined ? {} : { "set-cookie": writeCookie(form, "", 0) },
    );
  },
});
