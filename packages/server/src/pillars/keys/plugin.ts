import { add, Authenticators, CliVerbs, definePlugin, provide, Statistics } from "portico/kernel";
import type { AnyPlugin, PluginContext } from "portico/kernel";
import { keyAuthenticator } from "./authenticator.ts";
import type { Running } from "./authenticator.ts";
import { Keys } from "./capability.ts";
import type { KeysFace, KeyVerdict } from "./capability.ts";
import { createVerb, listVerb, revokeVerb } from "./cli.ts";
import { makeKey, storeKey } from "./create.ts";
import { keyErrors, raise } from "./errors.ts";
import { keyEvents } from "./events.ts";
import { endOfUser } from "./end-of-user.ts";
import { createKeys } from "./migrations/0001-create-keys.ts";
import { extendKeys } from "./migrations/0002-extend-keys.ts";
import { createKey } from "./operations/create-key.ts";
import { getKey } from "./operations/get-key.ts";
import { getUsage } from "./operations/get-usage.ts";
import { listKeys } from "./operations/list-keys.ts";
import { revokeKey } from "./operations/revoke-key.ts";
import { revokeSecret } from "./operations/revoke-secret.ts";
import { rotateKey } from "./operations/rotate-key.ts";
import { disableKey, enableKey } from "./operations/switch-key.ts";
import { updateKey } from "./operations/update-key.ts";
import { verifyKey } from "./operations/verify-key.ts";
import { keyPermissions } from "./permissions.ts";
import { keysCreated } from "./statistics.ts";
import { KeySettings, settingsOf } from "./settings.ts";
import { KeyVerifier } from "./verify.ts";
import { toView } from "./view.ts";

/** Keys made before the prefix was changed begin with this. */
const FIRST_PREFIX = "ptc_";

/**
 * Makes the keys pillar. Each server gets its own: what it remembers of keys belongs to one store.
 *
 * @example
 * export default defineConfig({ plugins: [keys()], settings: { keys: { prefix: "acme" } } });
 */
export function keys(): AnyPlugin {
  let running: Running | undefined;
  const authenticator = keyAuthenticator(() => {
    if (running === undefined) throw raise("keys.notStarted");
    return running;
  });
  return definePlugin({
    id: "keys",
    version: "1.0.0",
    engine: "^1",
    settings: KeySettings,
    permissions: keyPermissions,
    errors: keyErrors,
    events: keyEvents,
    tables: { keys_keys: "organization", keys_usage: "organization" },
    migrations: [createKeys, extendKeys],
    operations: [
      createKey,
      listKeys,
      getKey,
      updateKey,
      revokeKey,
      revokeSecret,
      disableKey,
      enableKey,
      rotateKey,
      verifyKey,
      getUsage,
    ],
    reactions: { endOfUser },
    contributes: [
      add(Authenticators, authenticator),
      add(CliVerbs, createVerb),
      add(CliVerbs, listVerb),
      add(CliVerbs, revokeVerb),
      add(Statistics, keysCreated),
    ],
    provides: [Keys],
    start: (ctx) => {
      const verifier = new KeyVerifier(ctx);
      const { prefix, queryParameter } = settingsOf(ctx);
      running = { verifier, prefixes: [`${prefix}_`, FIRST_PREFIX], queryParameter };
      const provides = [provide(Keys, faceOf(ctx, verifier))];
      return Promise.resolve({ provides, stop: () => verifier.stop() });
    },
  });
}

function faceOf(ctx: PluginContext, verifier: KeyVerifier): KeysFace {
  return {
    verify: (text, address) => verdict(verifier, text, address),
    distrust: (id) => verifier.distrust(id),
    create: async (key, { organization, origin }) => {
      const made = makeKey(key, ctx);
      const row = await ctx.store.transaction({ scope: { organization }, origin }, (tx) =>
        storeKey(made, organization, tx),
      );
      return { ...toView(row, ctx.clock.now()), key: made.text };
    },
  };
}

async function verdict(
  verifier: KeyVerifier,
  text: string,
  address: string | undefined,
): Promise<KeyVerdict> {
  const checked = await verifier.check(text, address);
  const { record } = checked;
  if (!checked.isValid) {
    const { id, organization } = record ?? {};
    return { valid: false, code: checked.refusal, id, organization };
  }
  const { id, name, userId, caller } = checked.record;
  return { valid: true, id, name, userId, caller };
}
