import { operation } from "portico/kernel";
import { Type } from "typebox";
import { Identity } from "../../capability.ts";
import { personThemselves } from "../caller.ts";
import { organizationsOf } from "../change.ts";
import { raise } from "../errors.ts";
import { PasswordField } from "../fields.ts";
import { setPassword } from "../set-password.ts";

/** `POST /auth/password/change` */
export const changePassword = operation({
  id: "auth.changePassword",
  method: "POST",
  path: "/auth/password/change",
  summary: "Change one's password",
  description:
    "The session stays; every other one of the account is over, and its owner is told by mail.",
  access: "caller",
  mode: "write",
  audit: "none",
  body: Type.Object(
    { currentPassword: PasswordField, newPassword: PasswordField },
    { additionalProperties: false },
  ),
  replies: { 204: null },
  errors: [
    "identity.notPerson",
    "identity.badCredentials",
    "identity.tooManyAttempts",
    "identity.weakPassword",
    "identity.busy",
    "identity.personNotFound",
    "identity.notStarted",
  ],
  example: {
    body: { currentPassword: "a long walk by the river", newPassword: "a longer walk by the sea" },
    after: ["auth.register"],
    bearer: "{auth.register.accessToken}",
  },
  async prepare({ body, caller, client, ctx }) {
    const id = personThemselves(caller);
    const { people } = ctx.get(Identity);
    const person = await people.find(id);
    if (person === undefined) throw raise("identity.personNotFound", { params: { id } });
    await people.confirmPassword(id, body.currentPassword, client.address);
    const hash = await people.newPassword(body.newPassword, person);
    return { id, hash, organizations: await organizationsOf(id, ctx) };
  },
  async handle({ prepared: { id, hash, organizations }, caller, client, tx, ctx }) {
    const password = { hash, by: "password", client, except: caller.credential } as const;
    await setPassword(password, { id, ctx, tx, organizations });
  },
});
