import { Type } from "typebox";
import { operation } from "portico/kernel";
import { raise } from "../errors.ts";
import type { KeyTables } from "../tables.ts";
import { KeyView, toView } from "../view.ts";

/** `GET /keys/{id}` */
export const getKey = operation({
  id: "keys.get",
  method: "GET",
  path: "/keys/{id}",
  summary: "Get an API key",
  access: "keys:read",
  mode: "read",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 200: KeyView },
  errors: ["keys.notFound"],
  example: { path: { id: "{keys.create.id}" }, after: ["keys.create"] },
  async handle({ path, read, ctx }) {
    const row = await read
      .db<KeyTables>()
      .selectFrom("keys_keys")
      .selectAll()
      .where("id", "=", path.id)
      .executeTakeFirst();
    if (row === undefined) throw raise("keys.notFound", { params: { id: path.id } });
    return toView(row, ctx.clock.now());
  },
});
