import type { PluginContext, Reaction, Tx } from "portico/kernel";
import { Keys } from "./capability.ts";
import { revoke } from "./revoke.ts";
import type { KeyTables } from "./tables.ts";

/**
 * A person who is deleted takes the keys along that act for them, of each organization that is told. Nobody but the pillar of
 * people can put this event on a log. What their keys wrote stays theirs.
 */
export const endOfUser: Reaction = {
  types: ["user.deleted"],
  handle: async (events, tx, ctx) => {
    const users = events.flatMap(({ subject }) => subject ?? []);
    for (const user of new Set(users)) await revokeKeysOf(user, tx, ctx);
  },
};

async function revokeKeysOf(user: string, tx: Tx, ctx: PluginContext): Promise<void> {
  const nowMs = Math.floor(ctx.clock.now());
  const keys = await tx
    .db<KeyTables>()
    .selectFrom("keys_keys")
    .select("id")
    .where("user_id", "=", user)
    .where("revoked_at", "is", null)
    .execute();
  for (const { id } of keys) {
    ctx.get(Keys).distrust(id);
    await revoke({ id, nowMs }, tx);
  }
}
