import { operation } from "portico/kernel";
import { Type } from "typebox";
import { raise } from "../errors.ts";
import { toPerson } from "../person.ts";
import type { PeopleTables } from "../tables.ts";
import { AccountView, toAccountView } from "../view.ts";

/** `GET /admin/users/{id}` */
export const getAccount = operation({
  id: "users.getAccount",
  method: "GET",
  path: "/admin/users/{id}",
  summary: "Read an account of the installation",
  description: "Deleted ones too: what is left of them says whose the things were that they wrote.",
  access: "users:read",
  mode: "read",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 200: AccountView },
  errors: ["identity.personNotFound"],
  example: { path: { id: "{auth.register.user.id}" }, after: ["auth.register"] },
  async handle({ path: { id }, read }) {
    const row = await read
      .db<PeopleTables>()
      .selectFrom("identity_people")
      .selectAll()
      .where("id", "=", id)
      .executeTakeFirst();
    if (row === undefined) throw raise("identity.personNotFound", { params: { id } });
    return toAccountView(row, toPerson(row));
  },
});
