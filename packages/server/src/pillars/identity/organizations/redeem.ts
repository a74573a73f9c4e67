import { sha256 } from "portico/kernel";
import type { PluginContext, Tx } from "portico/kernel";
import { raise } from "./errors.ts";
import { join } from "./members.ts";
import { listIn } from "./tables.ts";
import type { InvitationRow, MembershipRow, OrganizationTables } from "./tables.ts";

/** Who takes up an invitation, and its token. */
export interface Redemption {
  readonly token: string;
  readonly userId: string;
}

/**
 * Takes up an invitation, once: within the transaction, of whatever organization. Throws `identity.badInvitation` for a
 * token that is unknown, used, revoked or expired alike, and `identity.banned`.
 */
export async function redeem(
  { token, userId }: Redemption,
  ctx: PluginContext,
  tx: Tx,
): Promise<MembershipRow> {
  const anywhere = tx.within("instance");
  const select = anywhere
    .db<OrganizationTables>()
    .selectFrom("identity_invitations")
    .selectAll()
    .where("hash", "=", sha256(token));
  const row = await anywhere.forUpdate(select).executeTakeFirst();
  const nowMs = Math.floor(ctx.clock.now());
  if (row === undefined || !isOpen(row, nowMs)) throw raise("identity.badInvitation");
  const { organization, id } = row;
  const inside = tx.within({ organization });
  await inside
    .db<OrganizationTables>()
    .updateTable("identity_invitations")
    .set({ accepted_at: nowMs, accepted_by: userId })
    .where("id", "=", id)
    .execute();
  const member = await join({ userId, roles: listIn(row.roles) }, { ctx, tx: inside });
  inside.emit("invitation.accepted", { id, organization, userId }, { subject: id });
  inside.audit({ action: "invitation.accepted", target: id, after: { userId } });
  return member;
}

/** True while an invitation can be taken up. */
export function isOpen(
  row: Pick<InvitationRow, "accepted_at" | "revoked_at" | "expires_at">,
  nowMs: number,
): boolean {
  return row.accepted_at === null && row.revoked_at === null && row.expires_at > nowMs;
}
