import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { Keys } from "../capability.ts";
import { raise } from "../errors.ts";
import { revoke } from "../revoke.ts";
import { KeyView, toView } from "../view.ts";

/** `POST /keys/revoke`: for a secret that was found where it should not be. */
export const revokeSecret: Operation = operation({
  id: "keys.revokeSecret",
  method: "POST",
  path: "/keys/revoke",
  summary: "Revoke an API key by its secret",
  description:
    "For a leaked secret whose id nobody knows. Any key of the organization, one's own or not: whoever holds the secret " +
    "could use it. The secret before a rotation counts, too, while it opens.",
  access: "keys:write",
  mode: "write",
  body: Type.Object({ key: Type.String({ maxLength: 512 }) }, { additionalProperties: false }),
  replies: { 200: KeyView },
  errors: ["keys.secretUnknown"],
  example: { body: { key: "{keys.create.key}" }, after: ["keys.create"] },
  async prepare({ body, caller, ctx }): Promise<string> {
    const verdict = await ctx.get(Keys).verify(body.key);
    const organization = verdict.valid ? verdict.caller.organization : verdict.organization;
    const { id } = verdict;
    if (id === undefined || organization !== caller.organization) throw raise("keys.secretUnknown");
    ctx.get(Keys).distrust(id);
    return id;
  },
  async handle({ prepared, tx, ctx }) {
    const nowMs = Math.floor(ctx.clock.now());
    const row = await revoke({ id: prepared, nowMs }, tx);
    if (row === undefined) throw raise("keys.secretUnknown");
    return toView(row, nowMs);
  },
});
