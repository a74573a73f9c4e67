import { job } from "portico/kernel";
import { Type } from "typebox";
import { findRow } from "./directory.ts";
import { LINK_LIFE_MINUTES, linkUrl, makeLink } from "./links.ts";
import { nameIn, sendMail } from "./mailing.ts";

/**
 * Mails a link for a new password, where there is an account to have one. Asking for it does not look: so it takes as long,
 * and answers the same, for a name that nobody has. The link's token is in no row but as a hash.
 */
export const mailReset = job({
  input: Type.Object({
    username: Type.Optional(Type.String()),
    email: Type.Optional(Type.String()),
  }),
  reports: "nothing",
  run: async (run) => {
    const { ctx, input, origin } = run;
    const row = await findRow(ctx.store.read("instance"), input);
    if (row === undefined || row.state !== "active" || row.email === null) return { kind: "done" };
    const { id: person, email, email_key: emailKey } = row;
    const token = await ctx.store.transaction({ scope: "instance", origin }, (tx) =>
      makeLink({ person, purpose: "reset", emailKey }, tx, ctx),
    );
    if (token === undefined) return { kind: "done" };
    const link = linkUrl("reset", token, ctx);
    const values = { name: nameIn(row), link, minutes: String(LINK_LIFE_MINUTES) };
    return await sendMail(run, { to: email, template: "resetPassword", values });
  },
});
