import { Type } from "typebox";
import { operation } from "portico/kernel";
import { raise } from "../errors.ts";
import { Factors } from "../face.ts";
import { totpOf } from "../factors.ts";
import { occasion, personOf } from "../person.ts";
import { newRecoveryCodes } from "../recovery-codes.ts";
import { ShownCodes } from "../schema.ts";
import { organizationsOf, tell } from "../tell.ts";
import { keepRecoveryCodes } from "../keep-codes.ts";
import type { FactorTables } from "../tables.ts";

/** Minutes in which a set-up is confirmed or over. */
const SET_UP_MINUTES = 30;

/** `POST /auth/mfa/totp/confirm` */
export const confirmTotp = operation({
  id: "mfa.confirmTotp",
  method: "POST",
  path: "/auth/mfa/totp/confirm",
  summary: "Confirm the authenticator app",
  description:
    "From now on sign-in asks for a code. Gives ten recovery codes for the day on which the app is lost.",
  access: "caller",
  mode: "write",
  limits: ["60/h"],
  bodyBytesMax: 16_384,
  body: Type.Object(
    { code: Type.String({ minLength: 1, maxLength: 100, examples: ["123456"] }) },
    { additionalProperties: false },
  ),
  replies: { 200: Type.Object({ recoveryCodes: ShownCodes }) },
  onceOnly: ["recoveryCodes"],
  errors: [
    "identity.factorsOfPerson",
    "identity.noFactor",
    "identity.factorActive",
    "identity.enrolmentOver",
    "identity.badCode",
    "identity.tooManyCodes",
  ],
  example: {
    body: { code: "{mfa.enrolTotp.secret.totp}" },
    bearer: "{auth.login.accessToken}",
    after: ["auth.register", "auth.login", "mfa.enrolTotp"],
    refused: {
      "identity.factorActive": {
        after: ["auth.register", "auth.login", "mfa.enrolTotp", "mfa.confirmTotp"],
      },
      "identity.noFactor": { body: { code: "123456" }, after: ["auth.register", "auth.login"] },
    },
  },
  async prepare({ body, caller, read, ctx }) {
    const userId = personOf(caller);
    const row = await totpOf(read, userId);
    if (row === undefined) throw raise("identity.noFactor", { params: { what: "confirm" } });
    if (row.confirmed_at !== null) throw raise("identity.factorActive");
    if (ctx.clock.now() - row.created_at > SET_UP_MINUTES * 60_000) {
      throw raise("identity.enrolmentOver", { params: { minutes: SET_UP_MINUTES } });
    }
    const code = body.code.replaceAll(/\s/g, "");
    const isRight = await ctx.get(Factors).takeTotp(userId, code, "pending");
    if (!isRight) throw raise("identity.badCode");
    const organizations = await organizationsOf(userId, ctx);
    return {
      userId,
      organizations,
      secret: row.secret,
      recoveryCodes: newRecoveryCodes(ctx.fillRandom),
    };
  },
  async handle({ prepared, client, tx, ctx }) {
    const { userId, organizations, secret, recoveryCodes } = prepared;
    const { numUpdatedRows: confirmed } = await tx
      .db<FactorTables>()
      .updateTable("identity_totp")
      .set({ confirmed_at: Math.floor(ctx.clock.now()) })
      .where("user_id", "=", userId)
      // Another set-up may have begun meanwhile, whose app has shown nothing.
      .where("secret", "=", secret)
      .where("confirmed_at", "is", null)
      .executeTakeFirst();
    if (Number(confirmed) === 0) throw raise("identity.factorActive");
    await keepRecoveryCodes({ userId, codes: recoveryCodes }, tx, ctx);
    tell({ type: "user.factorAdded", data: { id: userId, factor: "totp" } }, organizations, tx);
    tx.audit({ action: "mfa.confirmTotp", target: userId, after: { totp: "active" } });
    const values = { ...occasion(ctx, client), factor: "Authenticator app" };
    tx.enqueue("mailFactor", { userId, template: "factorAdded", values });
    return { recoveryCodes };
  },
});
