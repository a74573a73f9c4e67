import { operation } from "portico/kernel";
import { Type } from "typebox";
import { Identity } from "../../capability.ts";
import { rowOf } from "../directory.ts";
import { raise } from "../errors.ts";
import { checkReach, permissionsIn } from "../operator.ts";

/** `POST /admin/users/{id}/logout` */
export const logoutAccount = operation({
  id: "users.logout",
  method: "POST",
  path: "/admin/users/{id}/logout",
  summary: "End all sessions of an account",
  access: "users:write",
  mode: "write",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 200: Type.Object({ ended: Type.Integer({ description: "How many sessions." }) }) },
  errors: ["identity.personNotFound", "identity.exceedsOperator", "identity.notStarted"],
  example: { path: { id: "{auth.register.user.id}" }, after: ["auth.register"] },
  async handle({ path: { id }, caller, tx, ctx }) {
    const row = await rowOf(tx, id);
    if (row === undefined) throw raise("identity.personNotFound", { params: { id } });
    checkReach(caller, permissionsIn(row), "this account holds more");
    return { ended: await ctx.get(Identity).sessions.end({ userId: id }, tx) };
  },
});
