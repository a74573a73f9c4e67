import { operation } from "portico/kernel";
import { Identity } from "../../capability.ts";
import { raise } from "../errors.ts";
import { Factors } from "../face.ts";
import { totpOf } from "../factors.ts";
import { occasion, personOf } from "../person.ts";
import { PasswordAgain } from "../schema.ts";
import { organizationsOf, tell } from "../tell.ts";

/** `DELETE /auth/mfa/totp` */
export const removeTotp = operation({
  id: "mfa.removeTotp",
  method: "DELETE",
  path: "/auth/mfa/totp",
  summary: "Remove the authenticator app and the recovery codes",
  description: "Sign-in asks for the password alone again. The password is sent along in the body.",
  access: "caller",
  mode: "write",
  limits: ["20/h"],
  bodyBytesMax: 16_384,
  body: PasswordAgain,
  replies: { 204: null },
  errors: [
    "identity.factorsOfPerson",
    "identity.badCredentials",
    "identity.tooManyAttempts",
    "identity.busy",
    "identity.noFactor",
  ],
  example: {
    body: { password: "a long walk by the river" },
    bearer: "{auth.login.accessToken}",
    after: ["auth.register", "auth.login", "mfa.enrolTotp", "mfa.confirmTotp"],
    refused: { "identity.noFactor": { after: ["auth.register", "auth.login"] } },
  },
  async prepare({ body, caller, client, read, ctx }) {
    const userId = personOf(caller);
    await ctx.get(Identity).people.confirmPassword(userId, body.password, client.address);
    const row = await totpOf(read, userId);
    const organizations = await organizationsOf(userId, ctx);
    return { userId, organizations, wasActive: row !== undefined && row.confirmed_at !== null };
  },
  async handle({ prepared, client, tx, ctx }) {
    const { userId, organizations, wasActive } = prepared;
    const isRemoved = await ctx.get(Factors).removeAll(userId, tx);
    if (!isRemoved) throw raise("identity.noFactor", { params: { what: "remove" } });
    // One that was never confirmed protected nothing, and its end is no news.
    if (!wasActive) return undefined;
    tell({ type: "user.factorRemoved", data: { id: userId, factor: "totp" } }, organizations, tx);
    tx.audit({ action: "mfa.removeTotp", target: userId, before: { totp: "active" } });
    const values = { ...occasion(ctx, client), factor: "Authenticator app" };
    tx.enqueue("mailFactor", { userId, template: "factorRemoved", values });
    return undefined;
  },
});
