import { definePlugin } from "portico/kernel";
import { Type } from "typebox";
import { Bookmark } from "./bookmark.ts";
import { errors } from "./errors.ts";
import { countHosts } from "./hosts.ts";
import { look } from "./look.ts";
import { operations } from "./operations.ts";
import { Settings } from "./settings.ts";
import { createTables } from "./tables.ts";

/** Pages worth coming back to: the plugin of a guide, from table to test. */
export const bookmarks = definePlugin({
  id: "bookmarks",
  version: "1.0.0",
  engine: "^1",
  settings: Settings,
  permissions: {
    "bookmarks:read": "Read bookmarks",
    "bookmarks:write": "Create and delete bookmarks",
  },
  errors,
  events: {
    "bookmark.created": { description: "A page was bookmarked.", data: Bookmark },
    "bookmark.deleted": {
      description: "A bookmark was deleted.",
      data: Type.Object({ id: Type.String(), url: Type.String() }),
    },
  },
  tables: { bookmarks_bookmarks: "organization", bookmarks_hosts: "organization" },
  migrations: [createTables],
  operations,
  jobs: { look },
  reactions: { hosts: countHosts },
});
