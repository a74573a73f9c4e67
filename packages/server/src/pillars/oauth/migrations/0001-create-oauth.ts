import type { Migration, MigrationContext } from "portico/kernel";

/** Clients, what users have allowed them, and the protocol's own rows. */
export const createOAuth: Migration = {
  id: "0001-create-oauth",
  async up({ db, type }) {
    await db.schema
      .createTable("oauth_clients")
      .addColumn("organization", type.text, (column) => column.notNull())
      .addColumn("id", type.text, (column) => column.notNull())
      .addColumn("name", type.text, (column) => column.notNull())
      .addColumn("type", type.text, (column) => column.notNull())
      .addColumn("redirect_uris", type.text, (column) => column.notNull())
      .addColumn("post_logout_redirect_uris", type.text, (column) => column.notNull())
      .addColumn("scopes", type.text, (column) => column.notNull())
      .addColumn("secret_hash", type.bytes)
      .addColumn("previous_hash", type.bytes)
      .addColumn("previous_until", type.integer)
      .addColumn("created_at", type.integer, (column) => column.notNull())
      .addColumn("created_by", type.text, (column) => column.notNull())
      .addColumn("revision", type.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("oauth_clients_primary", ["organization", "id"])
      .execute();
    // A client names itself before anybody knows whose it is: an index that does not begin with the organization.
    await db.schema
      .createIndex("oauth_clients_id")
      .on("oauth_clients")
      .column("id")
      .unique()
      .execute();
    await db.schema
      .createTable("oauth_grants")
      .addColumn("organization", type.text, (column) => column.notNull())
      .addColumn("id", type.text, (column) => column.notNull())
      .addColumn("user_id", type.text, (column) => column.notNull())
      .addColumn("client_id", type.text, (column) => column.notNull())
      .addColumn("scopes", type.text, (column) => column.notNull())
      .addColumn("created_at", type.integer, (column) => column.notNull())
      .addColumn("updated_at", type.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("oauth_grants_primary", ["organization", "id"])
      .execute();
    await db.schema
      .createIndex("oauth_grants_user")
      .on("oauth_grants")
      .columns(["organization", "user_id", "client_id"])
      .unique()
      .execute();
    await createModels({ db, type });
  },
};

async function createModels({ db, type }: Pick<MigrationContext, "db" | "type">): Promise<void> {
  await db.schema
    .createTable("oauth_models")
    .addColumn("model", type.text, (column) => column.notNull())
    .addColumn("id_hash", type.text, (column) => column.notNull())
    .addColumn("payload", type.text, (column) => column.notNull())
    .addColumn("grant_id", type.text)
    .addColumn("uid", type.text)
    .addColumn("user_code", type.text)
    .addColumn("client_id", type.text)
    .addColumn("account_id", type.text)
    .addColumn("consumed_at", type.integer)
    .addColumn("expires_at", type.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("oauth_models_primary", ["model", "id_hash"])
    .execute();
  for (const columns of [["grant_id"], ["uid"], ["client_id", "account_id"], ["expires_at"]]) {
    await db.schema
      .createIndex(`oauth_models_${columns[0] ?? ""}`)
      .on("oauth_models")
      .columns(columns)
      .execute();
  }
}
