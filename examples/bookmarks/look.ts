import { job, statement } from "portico/kernel";
import { Type } from "typebox";
import type { BookmarkTables } from "./tables.ts";

const keepStatus = statement<{ id: string; status: number }, BookmarkTables>(
  "bookmarks.keepStatus",
  (db, param) =>
    db
      .updateTable("bookmarks_bookmarks")
      .set({ status: param("status") })
      .where("id", "=", param("id")),
);

/** Looks at a bookmarked page and keeps what it answered. */
export const look = job({
  input: Type.Object({ id: Type.String() }),
  async run({ input, organization, ctx, signal }) {
    const bookmark = await ctx.store
      .read({ organization })
      .db<BookmarkTables>()
      .selectFrom("bookmarks_bookmarks")
      .select("url")
      .where("id", "=", input.id)
      .executeTakeFirst();
    if (bookmark === undefined) return { kind: "done" };
    const { status } = await ctx.outbound.request({ method: "HEAD", url: bookmark.url, signal });
    return {
      kind: "done",
      with: (batch) => batch.write(keepStatus, { id: input.id, status }),
    };
  },
});
