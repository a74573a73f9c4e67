import { equalSecrets, sha256 } from "portico/kernel";
import type { Authenticator, Caller, FoundCaller, PluginContext } from "portico/kernel";
import { raise } from "./errors.ts";
import type { Holdings } from "./holdings.ts";
import { SERVICE_ACCOUNT } from "./standing.ts";
import type { OrganizationTables, ServiceAccountRow } from "./tables.ts";

/** What secrets of service accounts begin with. */
export const SECRET_PREFIX = "pts_";

/** What recognises service accounts works with, once the pillar has started. */
export interface RunningAccounts {
  readonly ctx: PluginContext;
  readonly holdings: Holdings;
}

/** Recognises `Authorization: Bearer` with the secret of a service account. */
export function serviceAccounts(running: () => RunningAccounts): Authenticator {
  return {
    id: "service-accounts",
    challenge: "Bearer",
    find: ({ headers }) => secretIn(headers["authorization"]),
    identify: (secret) => identify(secret, running()),
    lookUp: (id) => lookUp(id, running()),
  };
}

function secretIn(authorization: string | string[] | undefined): string | undefined {
  if (typeof authorization !== "string") return undefined;
  const found = /^bearer +(pts_[A-Za-z0-9_-]{43})$/i.exec(authorization)?.[1];
  return found?.startsWith(SECRET_PREFIX) === true ? found : undefined;
}

async function identify(secret: string, { ctx, holdings }: RunningAccounts): Promise<Caller> {
  const hash = sha256(secret);
  // Read each time: an account that is rotated, switched off or deleted opens nothing from that moment on.
  const row = await ctx.store
    .read("instance")
    .db<OrganizationTables>()
    .selectFrom("identity_service_accounts")
    .selectAll()
    .where("hash", "=", hash)
    .executeTakeFirst();
  if (row === undefined || !equalSecrets(row.hash, hash)) throw raise("identity.secretInvalid");
  const caller = await callerOf(row, holdings);
  if (caller === undefined) throw raise("identity.secretInvalid", { internal: row.id });
  return caller;
}

/** What an account may do now; undefined where it is switched off. */
async function callerOf(row: ServiceAccountRow, holdings: Holdings): Promise<Caller | undefined> {
  const { id, organization, name } = row;
  const holding = row.disabled_at === null ? await holdings.holdingOf(id, organization) : undefined;
  if (holding === undefined) return undefined;
  const { permissions, grants } = holding;
  return {
    kind: "client",
    organization,
    subject: id,
    userId: id,
    name,
    permissions,
    grants,
    instancePermissions: [],
  };
}

async function lookUp(
  id: string,
  { ctx, holdings }: RunningAccounts,
): Promise<FoundCaller | undefined> {
  if (!id.startsWith(`${SERVICE_ACCOUNT}_`)) return undefined;
  const row = await ctx.store
    .read("instance")
    .db<OrganizationTables>()
    .selectFrom("identity_service_accounts")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const caller = await callerOf(row, holdings);
  const { organization, name } = row;
  const powerless = { permissions: [], instancePermissions: [] };
  return {
    caller: caller ?? { kind: "client", organization, subject: id, name, ...powerless },
    refusal: caller === undefined ? "identity.secretInvalid" : null,
  };
}
