import { operation } from "portico/kernel";
import { Type } from "typebox";
import { personOf } from "../caller.ts";
import { rowOf } from "../directory.ts";
import { raise } from "../errors.ts";

/** `GET /users/settings` */
export const getSettings = operation({
  id: "users.getSettings",
  method: "GET",
  path: "/users/settings",
  summary: "Read one's own settings",
  access: "caller",
  mode: "read",
  replies: { 200: Type.Record(Type.String(), Type.Unknown()) },
  errors: ["identity.notPerson", "identity.personNotFound"],
  example: { after: ["auth.register"], bearer: "{auth.register.accessToken}" },
  async handle({ caller, read }) {
    const id = personOf(caller);
    const row = await rowOf(read, id);
    if (row === undefined) throw raise("identity.personNotFound", { params: { id } });
    return JSON.parse(row.settings) as unknown;
  },
});
