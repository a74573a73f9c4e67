import { job, toRfc3339 } from "portico/kernel";
import { Type } from "typebox";
import { findRow, rowOf } from "./directory.ts";
import { LINK_LIFE_MINUTES, linkUrl, makeLink } from "./links.ts";
import { nameIn, sendMail } from "./mailing.ts";

/**
 * Asks an account's address whether it is theirs. The link is made here and not where the mail was asked for: so no row
 * holds its token, and asking takes as long for an address that another account has. That account's owner is told instead.
 */
export const mailVerification = job({
  input: Type.Object({ person: Type.String() }),
  run: async (run) => {
    const { ctx, input, origin } = run;
    const read = ctx.store.read("instance");
    const row = await rowOf(read, input.person);
    const { email, email_key: emailKey } = row ?? {};
    if (row === undefined || row.verified_key !== null) return { kind: "done" };
    if (typeof email !== "string" || typeof emailKey !== "string") return { kind: "done" };
    const owner = await findRow(read, { email });
    if (owner !== undefined && owner.verified_key === emailKey) {
      const values = { name: nameIn(owner), at: toRfc3339(ctx.clock.now()) };
      return await sendMail(run, { to: email, template: "emailTaken", values });
    }
    const token = await ctx.store.transaction({ scope: "instance", origin }, (tx) =>
      makeLink({ person: row.id, purpose: "verify", emailKey }, tx, ctx),
    );
    if (token === undefined) return { kind: "done" };
    const values = {
      name: nameIn(row),
      link: linkUrl("verify", token, ctx),
      minutes: String(LINK_LIFE_MINUTES),
    };
    return await sendMail(run, { to: email, template: "verifyEmail", values });
  },
});
