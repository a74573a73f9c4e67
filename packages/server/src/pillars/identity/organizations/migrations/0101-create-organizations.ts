import type { Migration } from "portico/kernel";

/** Organizations, who belongs to them, and what that allows. */
export const createOrganizations: Migration = {
  id: "0101-create-organizations",
  async up(context) {
    await createMembers(context);
    await createTeams(context);
    await createRights(context);
    await createWaysIn(context);
  },
};

type Context = Parameters<Migration["up"]>[0];

async function createMembers({ db, type }: Context): Promise<void> {
  await db.schema
    .createTable("identity_organizations")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("name", type.text, (column) => column.notNull())
    .addColumn("created_at", type.integer, (column) => column.notNull())
    .addColumn("created_by", type.text, (column) => column.notNull())
    .addColumn("deleted_at", type.integer)
    .addColumn("revision", type.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("identity_organizations_primary", ["organization"])
    .execute();
  await db.schema
    .createTable("identity_memberships")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("user_id", type.text, (column) => column.notNull())
    .addColumn("roles", type.text, (column) => column.notNull())
    .addColumn("joined_at", type.integer, (column) => column.notNull())
    .addColumn("banned_at", type.integer)
    .addColumn("banned_by", type.text)
    .addColumn("ban_reason", type.text)
    .addColumn("revision", type.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("identity_memberships_primary", ["organization", "user_id"])
    .execute();
  // A person is asked where he belongs before anybody knows an organization.
  await db.schema
    .createIndex("identity_memberships_user")
    .on("identity_memberships")
    .columns(["user_id", "joined_at"])
    .execute();
}

async function createTeams({ db, type }: Context): Promise<void> {
  await db.schema
    .createTable("identity_teams")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("id", type.text, (column) => column.notNull())
    .addColumn("name", type.text, (column) => column.notNull())
    .addColumn("roles", type.text, (column) => column.notNull())
    .addColumn("created_at", type.integer, (column) => column.notNull())
    .addColumn("created_by", type.text, (column) => column.notNull())
    .addColumn("revision", type.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("identity_teams_primary", ["organization", "id"])
    .execute();
  await db.schema
    .createTable("identity_team_members")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("team", type.text, (column) => column.notNull())
    .addColumn("user_id", type.text, (column) => column.notNull())
    .addColumn("added_at", type.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("identity_team_members_primary", ["organization", "team", "user_id"])
    .execute();
  await db.schema
    .createIndex("identity_team_members_user")
    .on("identity_team_members")
    .columns(["organization", "user_id"])
    .execute();
}

async function createRights({ db, type }: Context): Promise<void> {
  await db.schema
    .createTable("identity_roles")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("name", type.text, (column) => column.notNull())
    .addColumn("description", type.text, (column) => column.notNull())
    .addColumn("permissions", type.text, (column) => column.notNull())
    .addColumn("created_at", type.integer, (column) => column.notNull())
    .addColumn("created_by", type.text, (column) => column.notNull())
    .addColumn("revision", type.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("identity_roles_primary", ["organization", "name"])
    .execute();
  await db.schema
    .createTable("identity_grants")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("id", type.text, (column) => column.notNull())
    .addColumn("subject_kind", type.text, (column) => column.notNull())
    .addColumn("subject", type.text, (column) => column.notNull())
    .addColumn("resource", type.text, (column) => column.notNull())
    .addColumn("permission", type.text, (column) => column.notNull())
    .addColumn("effect", type.text, (column) => column.notNull())
    .addColumn("expires_at", type.integer)
    .addColumn("created_at", type.integer, (column) => column.notNull())
    .addColumn("created_by", type.text, (column) => column.notNull())
    .addPrimaryKeyConstraint("identity_grants_primary", ["organization", "id"])
    .execute();
  await db.schema
    .createIndex("identity_grants_subject")
    .on("identity_grants")
    .columns(["organization", "subject_kind", "subject"])
    .execute();
}

async function createWaysIn({ db, type }: Context): Promise<void> {
  await db.schema
    .createTable("identity_invitations")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("id", type.text, (column) => column.notNull())
    .addColumn("email", type.text)
    .addColumn("roles", type.text, (column) => column.notNull())
    .addColumn("hash", type.bytes, (column) => column.notNull())
    .addColumn("created_at", type.integer, (column) => column.notNull())
    .addColumn("created_by", type.text, (column) => column.notNull())
    .addColumn("expires_at", type.integer, (column) => column.notNull())
    .addColumn("accepted_at", type.integer)
    .addColumn("accepted_by", type.text)
    .addColumn("revoked_at", type.integer)
    .addPrimaryKeyConstraint("identity_invitations_primary", ["organization", "id"])
    .execute();
  await db.schema
    .createTable("identity_service_accounts")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("id", type.text, (column) => column.notNull())
    .addColumn("name", type.text, (column) => column.notNull())
    .addColumn("roles", type.text, (column) => column.notNull())
    .addColumn("hash", type.bytes, (column) => column.notNull())
    .addColumn("created_at", type.integer, (column) => column.notNull())
    .addColumn("created_by", type.text, (column) => column.notNull())
    .addColumn("disabled_at", type.integer)
    .addColumn("revision", type.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("identity_service_accounts_primary", ["organization", "id"])
    .execute();
  // Both are presented before anybody knows whose they are.
  for (const table of ["identity_invitations", "identity_service_accounts"]) {
    await db.schema.createIndex(`${table}_hash`).on(table).column("hash").unique().execute();
  }
}
