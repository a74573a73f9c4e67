import type { Migration } from "portico/kernel";

/** What the plugin stores. The column `organization` is the kernel's to fill and to ask for. */
export interface BookmarkTables {
  bookmarks_bookmarks: BookmarkRow;
  /** How many bookmarks lead to a host. The upsert names the column that the kernel fills, so the type does too. */
  bookmarks_hosts: { organization?: string; host: string; count: number };
}

/** A bookmark as it is stored. `status` is null until the page was looked at. */
export interface BookmarkRow {
  id: string;
  url: string;
  title: string;
  status: number | null;
  created_at: number;
}

export const createTables: Migration = {
  id: "0001-create-tables",
  async up({ db, type }) {
    await db.schema
      .createTable("bookmarks_bookmarks")
      .addColumn("organization", type.text, (column) => column.notNull())
      .addColumn("id", type.text, (column) => column.notNull())
      .addColumn("url", type.text, (column) => column.notNull())
      .addColumn("title", type.text, (column) => column.notNull())
      .addColumn("status", type.integer)
      .addColumn("created_at", type.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("bookmarks_bookmarks_key", ["organization", "id"])
      .addUniqueConstraint("bookmarks_bookmarks_url", ["organization", "url"])
      .execute();
    await db.schema
      .createTable("bookmarks_hosts")
      .addColumn("organization", type.text, (column) => column.notNull())
      .addColumn("host", type.text, (column) => column.notNull())
      .addColumn("count", type.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("bookmarks_hosts_key", ["organization", "host"])
      .execute();
  },
};
