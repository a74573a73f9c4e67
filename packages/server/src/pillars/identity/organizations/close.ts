import { Identity } from "../capability.ts";
import type { Place } from "./members.ts";
import type { OrganizationRow, OrganizationTables } from "./tables.ts";

const ITS_ROWS = [
  "identity_memberships",
  "identity_teams",
  "identity_team_members",
  "identity_roles",
  "identity_grants",
  "identity_invitations",
  "identity_service_accounts",
] as const;

/** Ends an organization whose row is held, and all that anybody is in it. */
export async function closeOrganization(row: OrganizationRow, { ctx, tx }: Place): Promise<void> {
  const { organization: id, name } = row;
  const { organizations } = ctx.get(Identity);
  const db = tx.db<OrganizationTables>();
  organizations.closing(id, tx);
  organizations.changing("*", tx);
  for (const table of ITS_ROWS) await db.deleteFrom(table).execute();
  await db
    .updateTable("identity_organizations")
    .set({ deleted_at: Math.floor(ctx.clock.now()), revision: row.revision + 1 })
    .execute();
  tx.emit("organization.deleted", { id, name }, { subject: id });
  tx.audit({ action: "organization.deleted", target: id, before: { name } });
}
