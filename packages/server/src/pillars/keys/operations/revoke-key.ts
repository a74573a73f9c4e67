import { Type } from "typebox";
import { operation } from "portico/kernel";
import { Keys } from "../capability.ts";
import { raise } from "../errors.ts";
import { revoke } from "../revoke.ts";
import { KeyView, toView } from "../view.ts";

/** `POST /keys/{id}/revoke` */
export const revokeKey = operation({
  id: "keys.revoke",
  method: "POST",
  path: "/keys/{id}/revoke",
  summary: "Revoke an API key",
  description:
    "For good. This process refuses the key from the moment of the answer, all others within a second. Revoking a " +
    "revoked key changes nothing.",
  access: "keys:write",
  mode: "write",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 200: KeyView },
  errors: ["keys.notFound"],
  example: { path: { id: "{keys.create.id}" }, after: ["keys.create"] },
  async prepare({ path, ctx }): Promise<void> {
    ctx.get(Keys).distrust(path.id);
  },
  async handle({ path, tx, ctx }) {
    const nowMs = Math.floor(ctx.clock.now());
    const row = await revoke(path.id, nowMs, tx);
    if (row === undefined) throw raise("keys.notFound", { params: { id: path.id } });
    return toView(row, nowMs);
  },
});
