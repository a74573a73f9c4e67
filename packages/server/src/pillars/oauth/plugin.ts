import { add, Authenticators, definePlugin, Mounts, ownUrl, provide } from "portico/kernel";
import type { AnyPlugin, PluginContext } from "portico/kernel";
import { Factors, Identity } from "./identity.ts";
import { AccessTokens } from "./access-tokens.ts";
import { tokenAuthenticator } from "./authenticator.ts";
import { OAuth } from "./capability.ts";
import { RecentChanges } from "./changes.ts";
import { engineOfKeys } from "./engine-of-keys.ts";
import { oauthErrors, raise } from "./errors.ts";
import { oauthEvents } from "./events.ts";
import { createOAuth } from "./migrations/0001-create-oauth.ts";
import { ModelStore } from "./models.ts";
import { mountsOf } from "./mounts.ts";
import type { Running } from "./mounts.ts";
import { createClient } from "./operations/create-client.ts";
import { createGrant } from "./operations/create-grant.ts";
import { deleteClient } from "./operations/delete-client.ts";
import { getClient } from "./operations/get-client.ts";
import { listClients } from "./operations/list-clients.ts";
import { listGrants } from "./operations/list-grants.ts";
import { revokeGrant } from "./operations/revoke-grant.ts";
import { rotateSecret } from "./operations/rotate-secret.ts";
import { updateClient } from "./operations/update-client.ts";
import { oauthPermissions } from "./permissions.ts";
import { OAuthSettings } from "./settings.ts";
import { Standing } from "./standing.ts";
import { sweep } from "./sweep.ts";

/**
 * Makes the oauth pillar. Each server gets its own: what it remembers of tokens belongs to one store.
 *
 * @example
 * export default defineConfig({ settings: { oauth: { name: "Acme", accent: "#0a6b4f" } } });
 */
export function oauth(): AnyPlugin {
  let running: (Running & { readonly changes: RecentChanges }) | undefined;
  const started = (): Running => {
    if (running === undefined) throw raise("oauth.notStarted");
    return running;
  };
  const authenticator = tokenAuthenticator(started);
  const challenge = (): string => {
    if (running === undefined) return "Bearer";
    return `Bearer resource_metadata="${ownUrl(running.ctx.server)}/.well-known/oauth-protected-resource"`;
  };
  return definePlugin({
    id: "oauth",
    version: "1.0.0",
    engine: "^1",
    needs: ["identity"],
    settings: OAuthSettings,
    permissions: oauthPermissions,
    errors: oauthErrors,
    events: oauthEvents,
    tables: {
      oauth_clients: "organization",
      oauth_grants: "organization",
      oauth_models: "instance",
    },
    migrations: [createOAuth],
    operations: [
      createClient,
      listClients,
      getClient,
      updateClient,
      deleteClient,
      rotateSecret,
      createGrant,
      listGrants,
      revokeGrant,
    ],
    jobs: { sweep },
    schedules: { sweep: { job: "sweep", input: {}, cron: "*/10 * * * *" } },
    contributes: [
      add(Authenticators, { ...authenticator, challenge }),
      ...mountsOf(started).map((mount) => add(Mounts, mount)),
    ],
    provides: [OAuth],
    start: (ctx) => {
      running = run(ctx);
      const { changes } = running;
      const distrust = (things: readonly string[]): void => changes.distrust(things);
      return Promise.resolve({
        provides: [provide(OAuth, { distrust })],
        stop: () => {
          changes.stop();
          return Promise.resolve();
        },
      });
    },
  });
}

function run(ctx: PluginContext): Running & { readonly changes: RecentChanges } {
  const identity = ctx.get(Identity);
  const changes = new RecentChanges(ctx);
  const models = new ModelStore(ctx, (change) => changes.note(change));
  const standing = new Standing(ctx, identity);
  const tokens = new AccessTokens({ ctx, identity, standing, models, changes });
  const engine = engineOfKeys({ ctx, identity, standing, models, tokens });
  return { ctx, identity, factors: ctx.get(Factors), standing, tokens, changes, engine };
}
