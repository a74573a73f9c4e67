import { operation } from "portico/kernel";
import type { Caller, Tx } from "portico/kernel";
import { Type } from "typebox";
import type { Static } from "typebox";
import { Identity } from "../../capability.ts";
import { changePerson, organizationsOf } from "../change.ts";
import type { PersonChange } from "../change.ts";
import { DisplayNameField, EmailField, UsernameField } from "../fields.ts";
import { checkAdministratorsLeft, checkReach, permissionsIn } from "../operator.ts";
import { toPerson } from "../person.ts";
import { profileChange } from "../profile.ts";
import type { PersonRow } from "../tables.ts";
import { AccountView, toAccountView } from "../view.ts";

const Changes = Type.Object(
  {
    username: Type.Optional(UsernameField),
    displayName: Type.Optional(DisplayNameField),
    email: Type.Optional(Type.Union([EmailField, Type.Null()])),
    state: Type.Optional(Type.Union([Type.Literal("active"), Type.Literal("suspended")])),
    suspendedReason: Type.Optional(Type.Union([Type.String({ maxLength: 500 }), Type.Null()])),
    instancePermissions: Type.Optional(
      Type.Array(
        Type.String({
          pattern: "^(?:\\*|[a-z][A-Za-z0-9.-]*:(?:\\*|[a-z][A-Za-z0-9.-]*))$",
          maxLength: 128,
        }),
        { maxItems: 100, uniqueItems: true },
      ),
    ),
  },
  { additionalProperties: false, minProperties: 1 },
);
type Changes = Static<typeof Changes>;

/** `PUT /admin/users/{id}` */
export const updateAccount = operation({
  id: "users.updateAccount",
  method: "PUT",
  path: "/admin/users/{id}",
  summary: "Change, suspend or reinstate an account",
  description:
    "Fields that are left out stay as they are. A suspended person's sessions are over at once. Permissions over the " +
    "installation are given, and accounts that hold them changed, only by who holds them too. Nobody sets another's password: " +
    "they reset it by mail, or with the link that `portico admin recover` prints.",
  access: "users:write",
  mode: "write",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  body: Changes,
  replies: { 200: AccountView },
  errors: [
    "identity.personNotFound",
    "identity.badUsername",
    "identity.usernameTaken",
    "identity.badEmail",
    "identity.exceedsOperator",
    "identity.lastAdministrator",
    "identity.notStarted",
  ],
  example: {
    path: { id: "{auth.register.user.id}" },
    body: { state: "suspended", suspendedReason: "Sent spam" },
    after: ["auth.register"],
  },
  prepare: ({ path, ctx }) => organizationsOf(path.id, ctx),
  async handle({ path: { id }, body, prepared: organizations, caller, tx, ctx }) {
    const row = await changePerson({ id, ctx, tx, organizations }, async (before) => {
      checkReach(caller, permissionsIn(before), "this account holds more");
      const change = await changeOf(body, { before, caller, tx });
      await checkAdministratorsLeft(before, change.set, tx);
      return change;
    });
    if (row.state === "suspended") await ctx.get(Identity).sessions.end({ userId: id }, tx);
    return toAccountView(row, toPerson(row));
  },
});

interface Place {
  readonly before: PersonRow;
  readonly caller: Caller;
  readonly tx: Tx;
}

async function changeOf(body: Changes, { before, caller, tx }: Place): Promise<PersonChange> {
  const { state, suspendedReason, instancePermissions, ...wanted } = body;
  const action = "users.updateAccount";
  const profile = await profileChange({ wanted, before, isOperator: true, action }, tx);
  if (instancePermissions !== undefined) {
    checkReach(caller, instancePermissions, "these permissions");
  }
  const isSwitch = state !== undefined && state !== before.state;
  const reason = state === "active" ? null : suspendedReason;
  const set = {
    ...profile.set,
    ...(isSwitch ? { state } : {}),
    ...(reason === undefined ? {} : { suspended_reason: reason }),
    ...(instancePermissions === undefined
      ? {}
      : { instance_permissions: JSON.stringify(instancePermissions) }),
  };
  const switched = state === "suspended" ? "user.suspended" : "user.reinstated";
  return {
    set,
    audit: { action, before: shown(before), after: shown({ ...before, ...set }) },
    events: [...profile.events, ...(isSwitch ? [{ type: switched }] : [])],
  };
}

function shown(row: PersonRow): object {
  return {
    username: row.username,
    displayName: row.display_name,
    email: row.email,
    state: row.state,
    suspendedReason: row.suspended_reason,
    instancePermissions: permissionsIn(row),
  };
}
