import { Type } from "typebox";
import { operation } from "portico/kernel";
import { Identity } from "../../capability.ts";
import { raise } from "../errors.ts";
import { sealSecret } from "../factors.ts";
import { noGuesses } from "../guesses.ts";
import { personOf } from "../person.ts";
import { PasswordAgain } from "../schema.ts";
import { settingsOf } from "../settings.ts";
import type { FactorTables } from "../tables.ts";
import { newSecret, totpUri } from "../totp.ts";

/** `POST /auth/mfa/totp` */
export const enrolTotp = operation({
  id: "mfa.enrolTotp",
  method: "POST",
  path: "/auth/mfa/totp",
  summary: "Set up one-time codes of an authenticator app",
  description:
    "Gives the secret and the address that a QR code holds, once. Sign-in asks for nothing new until a code has confirmed that the " +
    "app has the secret. What was set up and not confirmed is replaced.",
  access: "caller",
  mode: "write",
  limits: ["20/h"],
  bodyBytesMax: 16_384,
  body: PasswordAgain,
  replies: {
    201: Type.Object({
      secret: Type.String({ description: "In base 32, to be typed into the app." }),
      uri: Type.String({ description: "`otpauth://totp/…`, to be shown as a QR code." }),
    }),
  },
  onceOnly: ["secret", "uri"],
  errors: [
    "identity.factorsOfPerson",
    "identity.badCredentials",
    "identity.tooManyAttempts",
    "identity.busy",
    "identity.factorActive",
  ],
  example: {
    body: { password: "a long walk by the river" },
    bearer: "{auth.login.accessToken}",
    after: ["auth.register", "auth.login"],
    refused: {
      "identity.factorActive": {
        after: ["auth.register", "auth.login", "mfa.enrolTotp", "mfa.confirmTotp"],
      },
    },
  },
  async prepare({ body, caller, client, ctx }) {
    const userId = personOf(caller);
    const { people } = ctx.get(Identity);
    await people.confirmPassword(userId, body.password, client.address);
    const person = await people.find(userId);
    const secret = newSecret(ctx.fillRandom);
    const issuer = settingsOf(ctx).issuer ?? new URL(ctx.server.publicUrl()).hostname;
    const uri = totpUri(secret, { issuer, label: person?.username ?? userId });
    return { userId, secret, uri, sealed: sealSecret(ctx, userId, secret) };
  },
  async handle({ prepared, tx, ctx }) {
    const { userId, secret, uri, sealed } = prepared;
    const row = {
      user_id: userId,
      secret: sealed,
      confirmed_at: null,
      last_step: 0,
      created_at: Math.floor(ctx.clock.now()),
    };
    const { user_id: _key, ...fresh } = row;
    const { numInsertedOrUpdatedRows: written } = await tx
      .db<FactorTables>()
      .insertInto("identity_totp")
      .values({ ...row, ...noGuesses })
      // The count of guesses stays: to begin anew must not be a way round the waits.
      .onConflict((conflict) =>
        conflict
          .column("user_id")
          .doUpdateSet(fresh)
          .where("identity_totp.confirmed_at", "is", null),
      )
      .executeTakeFirst();
    if (Number(written) === 0) throw raise("identity.factorActive");
    return { secret, uri };
  },
});
