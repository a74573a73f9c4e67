import { capability, isProblem, job, ownUrl, sha256 } from "portico/kernel";
import type { JobOutcome, PluginContext } from "portico/kernel";
import { Type } from "typebox";
import { Identity } from "../capability.ts";
import { isOpen } from "./redeem.ts";
import { settingsOf } from "./settings.ts";
import type { InvitationRow, OrganizationTables } from "./tables.ts";
import { makeToken } from "./token.ts";

/** What this room sends by `mail@1`. */
interface InvitationMail {
  readonly to: string;
  readonly template: "invitation";
  readonly values: Readonly<Record<string, string>>;
  readonly id: string;
}

const Mail = capability<{ send(message: InvitationMail): Promise<void> }>("mail@1");
const PERMANENT = new Set(["mail.refused", "mail.badAddress", "mail.badValues", "mail.notSetUp"]);

/**
 * Mails an invitation. Its token is made here and not where it was asked for: so no row and no job ever holds it. A further
 * try makes another one, and the one before it opens nothing any more.
 */
export const mailInvitation = job({
  input: Type.Object({ invitation: Type.String(), inviter: Type.String() }),
  shows: ["invitation"],
  run: async ({ ctx, id, organization, input, origin }): Promise<JobOutcome> => {
    const token = makeToken("pti_", ctx);
    const row = await ctx.store.transaction({ scope: { organization }, origin }, async (tx) => {
      const db = tx.db<OrganizationTables>();
      const select = db
        .selectFrom("identity_invitations")
        .selectAll()
        .where("id", "=", input.invitation);
      const found = await tx.forUpdate(select).executeTakeFirst();
      if (found === undefined || !isOpen(found, ctx.clock.now())) return undefined;
      await db
        .updateTable("identity_invitations")
        .set({ hash: sha256(token) })
        .where("id", "=", input.invitation)
        .execute();
      return found;
    });
    if (row === undefined || row.email === null) return { kind: "done" };
    const values = await valuesOf(row, { token, inviter: input.inviter, ctx });
    try {
      await ctx.get(Mail).send({ to: row.email, template: "invitation", values, id });
      return { kind: "done" };
    } catch (error) {
      // Another try is in vain.
      if (isProblem(error) && PERMANENT.has(error.code)) {
        return { kind: "fail", error: error.message };
      }
      throw error;
    }
  },
});

async function valuesOf(
  { organization, expires_at: expiresAt }: InvitationRow,
  {
    token,
    inviter,
    ctx,
  }: { readonly token: string; readonly inviter: string; readonly ctx: PluginContext },
): Promise<InvitationMail["values"]> {
  const row = await ctx.store
    .read({ organization })
    .db<OrganizationTables>()
    .selectFrom("identity_organizations")
    .select("name")
    .executeTakeFirst();
  const person = await ctx.get(Identity).people.find(inviter);
  const days = Math.max(1, Math.round((expiresAt - ctx.clock.now()) / 86_400_000));
  const page =
    settingsOf(ctx).invitationPage ?? `${ownUrl(ctx.server)}/account/invitation?token={token}`;
  return {
    organization: row?.name ?? organization,
    inviter: person?.displayName ?? inviter,
    link: page.replaceAll("{token}", token),
    days: String(days),
  };
}
