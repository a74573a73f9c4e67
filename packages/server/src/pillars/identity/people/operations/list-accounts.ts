import { listOf, operation, pageQuery } from "portico/kernel";
import { sql } from "kysely";
import { Type } from "typebox";
import { emailKey } from "../names.ts";
import { toPerson } from "../person.ts";
import type { PeopleTables } from "../tables.ts";
import { AccountView, toAccountView } from "../view.ts";

/** `GET /admin/users` */
export const listAccounts = operation({
  id: "users.list",
  method: "GET",
  path: "/admin/users",
  summary: "List and search the accounts of the installation",
  description: "Newest first, deleted ones left out unless they are asked for.",
  access: "users:read",
  mode: "read",
  query: Type.Object(
    {
      ...pageQuery,
      search: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 100,
          description: "A part of the username, the name or the address; or an id.",
        }),
      ),
      state: Type.Optional(
        Type.Union([Type.Literal("active"), Type.Literal("suspended"), Type.Literal("deleted")]),
      ),
    },
    { additionalProperties: false },
  ),
  replies: { 200: listOf(AccountView) },
  example: { query: { search: "ada", limit: "10" }, after: ["auth.register"] },
  async handle({ query, cursor, read }) {
    const { limit = 50, search, state } = query;
    const after = cursor.after?.[0];
    let select = read.db<PeopleTables>().selectFrom("identity_people").selectAll();
    if (search !== undefined) {
      const part = `%${emailKey(search).replaceAll(/[\\%_]/g, "\\$&")}%`;
      select = select.where((where) =>
        where.or([
          where("id", "=", search),
          sql<boolean>`username_key like ${part} escape '\\'`,
          sql<boolean>`email_key like ${part} escape '\\'`,
          sql<boolean>`lower(display_name) like ${part} escape '\\'`,
        ]),
      );
    }
    select =
      state === undefined
        ? select.where("state", "!=", "deleted")
        : select.where("state", "=", state);
    if (after !== undefined) select = select.where("id", "<", String(after));
    const rows = await select
      .orderBy("id", "desc")
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map((row) => toAccountView(row, toPerson(row))),
      next: last === undefined ? null : cursor.next([last.id]),
    };
  },
});
