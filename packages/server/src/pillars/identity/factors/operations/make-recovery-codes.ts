import { Type } from "typebox";
import { operation } from "portico/kernel";
import { Identity } from "../../capability.ts";
import { raise } from "../errors.ts";
import { totpOf } from "../factors.ts";
import { occasion, personOf } from "../person.ts";
import { newRecoveryCodes } from "../recovery-codes.ts";
import { PasswordAgain, ShownCodes } from "../schema.ts";
import { organizationsOf, tell } from "../tell.ts";
import { keepRecoveryCodes } from "../keep-codes.ts";

/** `POST /auth/mfa/recovery-codes` */
export const makeRecoveryCodes = operation({
  id: "mfa.makeRecoveryCodes",
  method: "POST",
  path: "/auth/mfa/recovery-codes",
  summary: "Make new recovery codes",
  description: "Ten new ones, shown once; those before are void, used or not.",
  access: "caller",
  mode: "write",
  limits: ["20/h"],
  bodyBytesMax: 16_384,
  body: PasswordAgain,
  replies: { 201: Type.Object({ recoveryCodes: ShownCodes }) },
  onceOnly: ["recoveryCodes"],
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
  async prepare({ body, caller, client, ctx }) {
    const userId = personOf(caller);
    await ctx.get(Identity).people.confirmPassword(userId, body.password, client.address);
    const organizations = await organizationsOf(userId, ctx);
    return { userId, organizations, recoveryCodes: newRecoveryCodes(ctx.fillRandom) };
  },
  async handle({ prepared, client, tx, ctx }) {
    const { userId, organizations, recoveryCodes } = prepared;
    const row = await totpOf(tx, userId);
    if (row === undefined || row.confirmed_at === null) {
      throw raise("identity.noFactor", { params: { what: "recover" } });
    }
    await keepRecoveryCodes({ userId, codes: recoveryCodes }, tx, ctx);
    tell({ type: "user.recoveryCodesMade", data: { id: userId } }, organizations, tx);
    tx.audit({ action: "mfa.makeRecoveryCodes", target: userId });
    tx.enqueue("mailFactor", {
      userId,
      template: "recoveryCodesMade",
      values: occasion(ctx, client),
    });
    return { recoveryCodes };
  },
});
