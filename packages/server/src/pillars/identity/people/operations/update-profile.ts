import { operation } from "portico/kernel";
import { Type } from "typebox";
import { Identity } from "../../capability.ts";
import { personThemselves } from "../caller.ts";
import { changePerson, organizationsOf } from "../change.ts";
import { raise } from "../errors.ts";
import { DisplayNameField, EmailField, PasswordField, UsernameField } from "../fields.ts";
import { toPerson } from "../person.ts";
import { profileChange } from "../profile.ts";
import { settingsOf } from "../settings.ts";
import { toUserView, UserView } from "../view.ts";

/** `PUT /users/profile` */
export const updateProfile = operation({
  id: "users.updateProfile",
  method: "PUT",
  path: "/users/profile",
  summary: "Change one's own account",
  description:
    "Fields that are left out stay as they are. Another e-mail address needs the present password, and is unconfirmed until " +
    "the link is opened that is mailed to it.",
  access: "caller",
  mode: "write",
  body: Type.Object(
    {
      username: Type.Optional(UsernameField),
      displayName: Type.Optional(DisplayNameField),
      email: Type.Optional(Type.Union([EmailField, Type.Null()])),
      currentPassword: Type.Optional(PasswordField),
    },
    { additionalProperties: false, minProperties: 1 },
  ),
  replies: { 200: UserView },
  errors: [
    "identity.notPerson",
    "identity.personNotFound",
    "identity.badUsername",
    "identity.usernameTaken",
    "identity.badEmail",
    "identity.emailNeeded",
    "identity.badCredentials",
    "identity.tooManyAttempts",
    "identity.busy",
    "identity.notStarted",
  ],
  example: {
    body: { displayName: "Ada King" },
    after: ["auth.register"],
    bearer: "{auth.register.accessToken}",
  },
  async prepare({ body, caller, client, ctx }) {
    const id = personThemselves(caller);
    const { people } = ctx.get(Identity);
    if (body.email === null && settingsOf(ctx).emailRequired) throw raise("identity.emailNeeded");
    if (body.email !== undefined) {
      await people.confirmPassword(id, body.currentPassword ?? "", client.address);
    }
    return { id, organizations: await organizationsOf(id, ctx) };
  },
  async handle({ body, prepared: { id, organizations }, tx, ctx }) {
    const { currentPassword: _password, ...wanted } = body;
    const row = await changePerson({ id, ctx, tx, organizations }, (before) =>
      profileChange({ wanted, before, isOperator: false, action: "users.updateProfile" }, tx),
    );
    const isNewEmail = typeof body.email === "string" && row.verified_key === null;
    if (isNewEmail) tx.enqueue("mailVerification", { person: id });
    return toUserView(toPerson(row));
  },
});
