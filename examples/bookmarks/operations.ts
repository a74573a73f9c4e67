import { listOf, operation, pageQuery } from "portico/kernel";
import { Type } from "typebox";
import { Bookmark, COLUMNS, find, view } from "./bookmark.ts";
import { raise } from "./errors.ts";
import { settingsOf } from "./settings.ts";
import type { BookmarkTables } from "./tables.ts";

const params = Type.Object({ id: Type.String({ maxLength: 64 }) });

const createBookmark = operation({
  id: "bookmarks.create",
  method: "POST",
  path: "/bookmarks",
  summary: "Bookmark a page",
  access: "bookmarks:write",
  mode: "write",
  idempotent: true,
  body: Type.Object(
    { url: Type.String({ maxLength: 2_000 }), title: Type.String() },
    { additionalProperties: false },
  ),
  replies: { 201: Bookmark },
  errors: ["bookmarks.taken", "bookmarks.badUrl", "bookmarks.longTitle"],
  example: { body: { url: "https://example.com/", title: "An example" } },
  async handle({ body, tx, ctx }) {
    const reason = ctx.outbound.objection(body.url);
    if (reason !== undefined) throw raise("bookmarks.badUrl", { params: { reason } });
    const { length } = body.title;
    const { titleMax: max } = settingsOf(ctx);
    if (length > max) throw raise("bookmarks.longTitle", { params: { length, max } });
    const db = tx.db<BookmarkTables>();
    const twin = await db
      .selectFrom("bookmarks_bookmarks")
      .select("id")
      .where("url", "=", body.url)
      .executeTakeFirst();
    if (twin !== undefined) throw raise("bookmarks.taken", { params: { id: twin.id } });
    const row = { id: ctx.makeId("bmk"), ...body, status: null, created_at: ctx.clock.now() };
    await db.insertInto("bookmarks_bookmarks").values(row).execute();
    tx.emit("bookmark.created", view(row), { subject: row.id });
    tx.enqueue("look", { id: row.id });
    return view(row);
  },
});

const listBookmarks = operation({
  id: "bookmarks.list",
  method: "GET",
  path: "/bookmarks",
  summary: "List bookmarks, oldest first",
  access: "bookmarks:read",
  mode: "read",
  query: Type.Object(pageQuery, { additionalProperties: false }),
  replies: { 200: listOf(Bookmark) },
  example: { after: ["bookmarks.create"] },
  async handle({ query, cursor, read }) {
    const limit = query.limit ?? 50;
    const [after = ""] = cursor.after ?? [];
    const rows = await read
      .db<BookmarkTables>()
      .selectFrom("bookmarks_bookmarks")
      .select(COLUMNS)
      .where("id", ">", String(after))
      .orderBy("id")
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return { data: page.map(view), next: last === undefined ? null : cursor.next([last.id]) };
  },
});

const listHosts = operation({
  id: "bookmarks.hosts",
  method: "GET",
  path: "/bookmarked-hosts",
  summary: "List the hosts that are bookmarked most",
  access: "bookmarks:read",
  mode: "read",
  replies: { 200: listOf(Type.Object({ host: Type.String(), count: Type.Integer() })) },
  example: {},
  async handle({ read }) {
    const data = await read
      .db<BookmarkTables>()
      .selectFrom("bookmarks_hosts")
      .select(["host", "count"])
      .where("count", ">", 0)
      .orderBy("count", "desc")
      .orderBy("host")
      .limit(10)
      .execute();
    return { data, next: null };
  },
});

const getBookmark = operation({
  id: "bookmarks.get",
  method: "GET",
  path: "/bookmarks/{id}",
  summary: "Read one bookmark",
  access: "bookmarks:read",
  mode: "read",
  params,
  replies: { 200: Bookmark },
  errors: ["bookmarks.notFound"],
  example: { after: ["bookmarks.create"], path: { id: "{bookmarks.create.id}" } },
  async handle({ path, read }) {
    return view(await find(read, path.id));
  },
});

const deleteBookmark = operation({
  id: "bookmarks.delete",
  method: "DELETE",
  path: "/bookmarks/{id}",
  summary: "Delete a bookmark",
  access: "bookmarks:write",
  mode: "write",
  params,
  replies: { 204: null },
  errors: ["bookmarks.notFound"],
  example: { after: ["bookmarks.create"], path: { id: "{bookmarks.create.id}" } },
  async handle({ path, tx }) {
    const { id, url } = await find(tx, path.id);
    await tx.db<BookmarkTables>().deleteFrom("bookmarks_bookmarks").where("id", "=", id).execute();
    tx.emit("bookmark.deleted", { id, url }, { subject: id });
  },
});

export const operations = [createBookmark, listBookmarks, listHosts, getBookmark, deleteBookmark];
