import type { LogEvent, Reaction } from "portico/kernel";
import type { BookmarkTables } from "./tables.ts";

/** Keeps how many bookmarks lead to each host: once for every event, whatever crashes. */
export const countHosts: Reaction = {
  types: ["bookmark.created", "bookmark.deleted"],
  async handle(events, tx) {
    const db = tx.db<BookmarkTables>();
    for (const [host, change] of changesOf(events)) {
      await db
        .insertInto("bookmarks_hosts")
        .values({ host, count: change })
        .onConflict((conflict) =>
          conflict
            .columns(["organization", "host"])
            .doUpdateSet(({ eb }) => ({ count: eb("bookmarks_hosts.count", "+", change) })),
        )
        .execute();
    }
  },
};

function changesOf(events: readonly LogEvent[]): ReadonlyMap<string, number> {
  const changes = new Map<string, number>();
  for (const { type, data } of events) {
    // This plugin's own events: their schema is declared beside them.
    const { url } = JSON.parse(new TextDecoder().decode(data)) as { readonly url: string };
    const { host } = new URL(url);
    changes.set(host, (changes.get(host) ?? 0) + (type === "bookmark.created" ? 1 : -1));
  }
  return changes;
}
