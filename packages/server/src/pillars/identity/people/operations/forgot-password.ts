import { operation } from "portico/kernel";
import { Type } from "typebox";
import { EmailField, UsernameField } from "../fields.ts";
import { emailKey, usernameKey } from "../names.ts";

/** `POST /auth/password/forgot` */
export const forgotPassword = operation({
  id: "auth.forgotPassword",
  method: "POST",
  path: "/auth/password/forgot",
  summary: "Ask for a new password by mail",
  description:
    "Answers the same whether there is such an account or not. Where there is one with an address, a link goes to it: good " +
    "once, for 30 minutes; three at a time at most.",
  access: "public",
  mode: "write",
  audit: "none",
  limits: ["20/h"],
  body: Type.Object(
    { username: Type.Optional(UsernameField), email: Type.Optional(EmailField) },
    { additionalProperties: false, minProperties: 1, maxProperties: 1 },
  ),
  replies: { 204: null },
  example: { body: { email: "ada@example.com" } },
  handle({ body, tx }) {
    const { username, email } = body;
    const unique = username === undefined ? emailKey(email ?? "") : `u ${usernameKey(username)}`;
    tx.enqueue("mailReset", body, { unique });
    return Promise.resolve();
  },
});
