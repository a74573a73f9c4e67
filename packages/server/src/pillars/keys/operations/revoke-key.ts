import { Type } from "typebox";
import { operation } from "portico/kernel";
import { Keys } from "../capability.ts";
import { visible } from "../change.ts";
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
  async handle({ path, caller, tx, ctx }) {
    const nowMs = Math.floor(ctx.clock.now());
    const wanted = { id: path.id, caller, ctx };
    const row = await revoke(
      { id: path.id, nowMs, judge: (found) => void visible(found, wanted) },
      tx,
    );
    return toView(visible(row, wanted), nowMs);
  },
});
