import { toRfc3339 } from "portico/kernel";
import type { Read } from "portico/kernel";
import { Type } from "typebox";
import type { Static } from "typebox";
import { raise } from "./errors.ts";
import type { BookmarkRow, BookmarkTables } from "./tables.ts";

/** A bookmark as callers see it. */
export const Bookmark = Type.Object({
  id: Type.String(),
  url: Type.String(),
  title: Type.String(),
  status: Type.Union([Type.Integer(), Type.Null()], {
    description: "What the page answered when it was looked at; null before.",
  }),
  createdAt: Type.String({ format: "date-time" }),
});

/** The row as callers see it. */
export function view({ created_at: createdAt, ...row }: BookmarkRow): Static<typeof Bookmark> {
  return { ...row, createdAt: toRfc3339(createdAt) };
}

export const COLUMNS = ["id", "url", "title", "status", "created_at"] as const;

/** One bookmark; 404 when the organization has none of this id. */
export async function find(read: Read, id: string): Promise<BookmarkRow> {
  const row = await read
    .db<BookmarkTables>()
    .selectFrom("bookmarks_bookmarks")
    .select(COLUMNS)
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) throw raise("bookmarks.notFound", { params: { id } });
  return row;
}
