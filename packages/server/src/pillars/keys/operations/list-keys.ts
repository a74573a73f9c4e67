import { Type } from "typebox";
import { operation } from "portico/kernel";
import { mayAll, ownKeys } from "../owner.ts";
import type { KeyTables } from "../tables.ts";
import { KeyView, toView } from "../view.ts";

/** `GET /keys`: newest first. */
export const listKeys = operation({
  id: "keys.list",
  method: "GET",
  path: "/keys",
  summary: "List API keys",
  description:
    "Newest first. Without `keys:all` a caller sees its own keys: the key it calls with, those of its user, and those it has " +
    "created.",
  access: "keys:read",
  mode: "read",
  query: Type.Object(
    {
      userId: Type.Optional(Type.String({ maxLength: 256 })),
      environment: Type.Optional(Type.String({ maxLength: 16 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
      cursor: Type.Optional(Type.String()),
    },
    { additionalProperties: false },
  ),
  replies: {
    200: Type.Object({
      data: Type.Array(KeyView),
      next: Type.Union([Type.String(), Type.Null()]),
    }),
  },
  example: { query: { environment: "live", limit: "10" }, after: ["keys.create"] },
  async handle({ query, cursor, caller, read, ctx }) {
    const limit = query.limit ?? 50;
    const { userId, environment } = query;
    const after = cursor.after?.[0];
    let select = read.db<KeyTables>().selectFrom("keys_keys").selectAll();
    if (!mayAll(caller, ctx)) select = select.where(ownKeys(caller));
    if (userId !== undefined) select = select.where("user_id", "=", userId);
    if (environment !== undefined) select = select.where("environment", "=", environment);
    if (after !== undefined) select = select.where("id", "<", String(after));
    const rows = await select
      .orderBy("id", "desc")
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    const nowMs = ctx.clock.now();
    return {
      data: page.map((row) => toView(row, nowMs)),
      next: last === undefined ? null : cursor.next([last.id]),
    };
  },
});
