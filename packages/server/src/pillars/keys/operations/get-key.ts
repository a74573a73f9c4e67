import { Type } from "typebox";
import { operation } from "portico/kernel";
import { visible } from "../change.ts";
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
  async handle({ path, caller, read, ctx }) {
    const row = await read
      .db<KeyTables>()
      .selectFrom("keys_keys")
      .selectAll()
      .where("id", "=", path.id)
      .executeTakeFirst();
    return toView(visible(row, { id: path.id, caller, ctx }), ctx.clock.now());
  },
});
