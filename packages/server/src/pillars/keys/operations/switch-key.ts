import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { Keys } from "../capability.ts";
import { changeKey } from "../change.ts";
import { raise } from "../errors.ts";
import { checkGrant, ownRow } from "../grant.ts";
import type { Creator } from "../grant.ts";
import { mayAll } from "../owner.ts";
import { wholeGrant } from "../whole-grant.ts";
import { KeyView, toView } from "../view.ts";

const shared = {
  method: "POST",
  access: "keys:write",
  mode: "write",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 200: KeyView },
  example: { path: { id: "{keys.create.id}" }, after: ["keys.create"] },
} as const;

/** `POST /keys/{id}/disable` */
export const disableKey: Operation = operation({
  ...shared,
  id: "keys.disable",
  path: "/keys/{id}/disable",
  summary: "Switch an API key off",
  description:
    "Until it is enabled. This process refuses the key from the moment of the answer, all others within a second. " +
    "Disabling a disabled key changes nothing.",
  errors: ["keys.notFound"],
  async prepare({ path, ctx }): Promise<void> {
    ctx.get(Keys).distrust(path.id);
  },
  async handle({ path, ifMatch, caller, tx, ctx }) {
    const row = await changeKey({ id: path.id, caller, ctx, tx, ifMatch }, (before, nowMs) =>
      before.disabled_at === null && before.revoked_at === null
        ? { event: "key.disabled", set: { disabled_at: nowMs } }
        : undefined,
    );
    return toView(row, ctx.clock.now());
  },
});

/** `POST /keys/{id}/enable` */
export const enableKey: Operation = operation({
  ...shared,
  id: "keys.enable",
  path: "/keys/{id}/enable",
  summary: "Switch an API key on again",
  description:
    "It then opens what it opened before; so the caller must be able to give all of that. Enabling an enabled key changes " +
    "nothing.",
  errors: ["keys.notFound", "keys.exceedsCreator", "keys.revokedForGood"],
  example: {
    ...shared.example,
    refused: { "keys.revokedForGood": { after: ["keys.create", "keys.revoke"] } },
  },
  async prepare({ path, caller, read, ctx }): Promise<Creator> {
    const row = await ownRow(caller, read);
    ctx.get(Keys).distrust(path.id);
    return { caller, row, mayAll: mayAll(caller, ctx) };
  },
  async handle({ path, prepared, ifMatch, caller, tx, ctx }) {
    const row = await changeKey({ id: path.id, caller, ctx, tx, ifMatch }, (before) => {
      if (before.revoked_at !== null) throw raise("keys.revokedForGood", { params: path });
      if (before.disabled_at === null) return undefined;
      checkGrant(wholeGrant(before), prepared);
      return { event: "key.enabled", set: { disabled_at: null } };
    });
    return toView(row, ctx.clock.now());
  },
});
