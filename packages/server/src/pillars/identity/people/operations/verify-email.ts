import { operation } from "portico/kernel";
import { Type } from "typebox";
import { changePerson, organizationsOf, unchanged } from "../change.ts";
import type { PersonChange } from "../change.ts";
import { raise } from "../errors.ts";
import { TokenField } from "../fields.ts";
import { findLink, useLink } from "../links.ts";
import type { PeopleTables, PersonRow } from "../tables.ts";

/** `POST /auth/email/verify` */
export const verifyEmail = operation({
  id: "auth.verifyEmail",
  method: "POST",
  path: "/auth/email/verify",
  summary: "Confirm an e-mail address",
  description: "With the token of the link that was mailed to it. It is good once.",
  access: "public",
  mode: "write",
  audit: "none",
  limits: ["60/h"],
  body: Type.Object({ token: TokenField }, { additionalProperties: false }),
  replies: { 204: null },
  errors: ["identity.badToken", "identity.emailTaken", "identity.personNotFound"],
  example: { body: { token: "{mailed.verifyEmail}" }, after: ["auth.register"] },
  async prepare({ body, read, ctx }) {
    const link = await findLink(body.token, "verify", { read, ctx });
    if (link === undefined) throw raise("identity.badToken");
    return { link, organizations: await organizationsOf(link.person, ctx) };
  },
  async handle({ prepared: { link, organizations }, tx, ctx }) {
    if (!(await useLink(link, tx))) throw raise("identity.badToken");
    await changePerson({ id: link.person, ctx, tx, organizations }, async (row) => {
      // The address was changed since the mail.
      if (row.email_key !== link.email_key) throw raise("identity.badToken");
      const owner = await tx
        .db<PeopleTables>()
        .selectFrom("identity_people")
        .select("id")
        .where("verified_key", "=", row.email_key)
        .executeTakeFirst();
      if (owner !== undefined && owner.id !== row.id) throw raise("identity.emailTaken");
      return verified(row);
    });
  },
});

function verified(row: PersonRow): PersonChange {
  if (row.verified_key === row.email_key) return unchanged;
  const audit = {
    action: "auth.verifyEmail",
    before: { emailVerified: false },
    after: { emailVerified: true },
  };
  return {
    set: { verified_key: row.email_key },
    audit,
    events: [{ type: "user.emailVerified" }],
  };
}
