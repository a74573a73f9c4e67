import { grants, mayGive } from "portico/kernel";
import type { Caller, Read } from "portico/kernel";
import { isWithin } from "./allow.ts";
import { raise } from "./errors.ts";
import { exceededLimit } from "./limits.ts";
import type { KeyLimits } from "./limits.ts";
import type { KeyRow, KeyTables } from "./tables.ts";

/** What a key would be able to do. What is left out is not being given. */
export interface Grant {
  readonly permissions?: readonly string[];
  readonly instancePermissions?: readonly string[];
  readonly environment?: string;
  readonly limits?: KeyLimits;
  /** Null for any address. */
  readonly ipAllow?: readonly string[] | null;
  /** Milliseconds since 1970; null for never. */
  readonly expiresAt?: number | null;
  readonly userId?: string | null;
}

/** Whoever gives, with the row of his own key where he has one. */
export interface Creator {
  readonly caller: Caller;
  readonly row: KeyRow | undefined;
  /** May act on the keys of everybody in the organization. */
  readonly mayAll: boolean;
}

/** Reads the key by which the caller calls; undefined for anybody else. */
export async function ownRow(caller: Caller, read: Read): Promise<KeyRow | undefined> {
  if (caller.kind !== "key") return undefined;
  return await read
    .db<KeyTables>()
    .selectFrom("keys_keys")
    .selectAll()
    .where("id", "=", caller.credential ?? caller.subject)
    .executeTakeFirst();
}

/** Throws `keys.exceedsCreator` when the grant reaches beyond what its creator may do itself. */
export function checkGrant(grant: Grant, creator: Creator): void {
  const what =
    beyondPermissions(grant, creator.caller) ??
    beyondEnvironment(grant, creator.caller) ??
    beyondLimits(grant, creator.caller) ??
    beyondAddresses(grant, creator.row) ??
    beyondExpiry(grant, creator.row) ??
    beyondUser(grant, creator);
  if (what !== undefined) throw raise("keys.exceedsCreator", { params: { what } });
}

/** True when all that `asked` can mean is held with `held`: `notes:*` covers `notes:read` and itself, not `*`. */
export function covers(held: string, asked: string): boolean {
  return grants(held, asked);
}

function beyondPermissions(grant: Grant, caller: Caller): string | undefined {
  const { permissions = [], instancePermissions = [] } = grant;
  const lacking =
    permissions.find((permission) => !mayGive(caller, permission)) ??
    instancePermissions.find(
      (permission) => !caller.instancePermissions.some((held) => covers(held, permission)),
    );
  return lacking === undefined ? undefined : `the permission '${lacking}'`;
}

function beyondEnvironment({ environment }: Grant, caller: Caller): string | undefined {
  if (environment === undefined || caller.environment === undefined) return undefined;
  return environment === caller.environment ? undefined : `the environment '${environment}'`;
}

function beyondLimits({ limits }: Grant, caller: Caller): string | undefined {
  const exceeded = limits === undefined ? undefined : exceededLimit(limits, caller);
  return exceeded === undefined ? undefined : `more than ${exceeded}`;
}

function beyondAddresses({ ipAllow }: Grant, row: KeyRow | undefined): string | undefined {
  const held = listIn(row?.ip_allow);
  if (ipAllow === undefined || held === undefined) return undefined;
  if (ipAllow === null) return "every address";
  const outside = ipAllow.find((network) => !isWithin(network, held));
  return outside === undefined ? undefined : `the addresses ${outside}`;
}

function beyondExpiry({ expiresAt }: Grant, row: KeyRow | undefined): string | undefined {
  const held = row?.expires_at ?? null;
  if (expiresAt === undefined || held === null) return undefined;
  return expiresAt !== null && expiresAt <= held ? undefined : "a longer life than its own";
}

function beyondUser({ userId }: Grant, { caller, mayAll }: Creator): string | undefined {
  if (userId === undefined || caller.userId === undefined || mayAll) return undefined;
  return userId === caller.userId ? undefined : "the name of another user";
}

/** A list as this pillar wrote it; undefined where there is none. */
export function listIn(json: string | null | undefined): string[] | undefined {
  return json === null || json === undefined ? undefined : (JSON.parse(json) as string[]);
}
