import { operation } from "portico/kernel";
import { Type } from "typebox";
import { Identity } from "../../capability.ts";
import { organizationsOf } from "../change.ts";
import { rowOf } from "../directory.ts";
import { raise } from "../errors.ts";
import { PasswordField, TokenField } from "../fields.ts";
import { findLink, useLink } from "../links.ts";
import { setPassword } from "../set-password.ts";

/** `POST /auth/password/reset` */
export const resetPassword = operation({
  id: "auth.resetPassword",
  method: "POST",
  path: "/auth/password/reset",
  summary: "Set a new password with the link that was mailed",
  description:
    "The link is good once. Every session of the account is over; sign in with the new password.",
  access: "public",
  mode: "write",
  audit: "none",
  limits: ["60/h"],
  body: Type.Object(
    { token: TokenField, password: PasswordField },
    { additionalProperties: false },
  ),
  replies: { 204: null },
  errors: [
    "identity.badToken",
    "identity.weakPassword",
    "identity.busy",
    "identity.personNotFound",
    "identity.notStarted",
  ],
  example: {
    body: { token: "{mailed.resetPassword}", password: "a longer walk by the sea" },
    after: ["auth.register", "auth.forgotPassword"],
  },
  async prepare({ body, read, ctx }) {
    const link = await findLink(body.token, "reset", { read, ctx });
    const row = link === undefined ? undefined : await rowOf(read, link.person);
    if (link === undefined || row === undefined) throw raise("identity.badToken");
    const hash = await ctx.get(Identity).people.newPassword(body.password, row);
    return { link, hash, organizations: await organizationsOf(row.id, ctx) };
  },
  async handle({ prepared: { link, hash, organizations }, client, tx, ctx }) {
    if (!(await useLink(link, tx))) throw raise("identity.badToken");
    const password = { hash, by: "mail", client, shownEmailKey: link.email_key } as const;
    await setPassword(password, { id: link.person, ctx, tx, organizations });
  },
});
