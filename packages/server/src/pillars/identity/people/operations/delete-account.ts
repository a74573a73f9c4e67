import { operation } from "portico/kernel";
import { Type } from "typebox";
import { Identity } from "../../capability.ts";
import { changePerson, organizationsOf } from "../change.ts";
import { endLinks } from "../links.ts";
import { checkAdministratorsLeft, checkReach, permissionsIn } from "../operator.ts";
import type { PersonRow } from "../tables.ts";

/** What is left of somebody: an id and a name, so that what they wrote is still theirs and nobody takes their place. */
const ERASED = {
  state: "deleted",
  display_name: "",
  email: null,
  email_key: null,
  verified_key: null,
  password_hash: null,
  password_at: null,
  instance_permissions: "[]",
  settings: "{}",
  suspended_reason: null,
} as const satisfies Partial<PersonRow>;

/** `DELETE /admin/users/{id}` */
export const deleteAccount = operation({
  id: "users.delete",
  method: "DELETE",
  path: "/admin/users/{id}",
  summary: "Delete an account",
  description:
    "For good: sessions, memberships and API keys are over, the address, the password and the settings are erased. The " +
    "username stays taken, and what they wrote stays theirs.",
  access: "users:write",
  mode: "write",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 204: null },
  errors: [
    "identity.personNotFound",
    "identity.exceedsOperator",
    "identity.lastAdministrator",
    "identity.notStarted",
  ],
  example: { path: { id: "{auth.register.user.id}" }, after: ["auth.register"] },
  prepare: ({ path, ctx }) => organizationsOf(path.id, ctx),
  async handle({ path: { id }, prepared: organizations, caller, tx, ctx }) {
    await changePerson({ id, ctx, tx, organizations }, async (before) => {
      checkReach(caller, permissionsIn(before), "this account holds more");
      await checkAdministratorsLeft(before, ERASED, tx);
      const { username, state } = before;
      return {
        set: ERASED,
        audit: {
          action: "users.delete",
          before: { username, state },
          after: { username, state: "deleted" },
        },
        events: [{ type: "user.deleted" }],
      };
    });
    const { sessions, organizations: rooms } = ctx.get(Identity);
    await sessions.end({ userId: id }, tx);
    await rooms.removeEverywhere(id, tx);
    await endLinks({ person: id }, tx);
  },
});
