import { DEFAULT_ORGANIZATION, raiseAccess } from "portico/kernel";
import type { Caller, PluginContext } from "portico/kernel";
import { Identity } from "../capability.ts";
import { raise } from "./errors.ts";

/** The person who calls; undefined for keys, service accounts and other programs. */
export function personOf({ kind, userId, subject }: Caller): string | undefined {
  return kind === "user" ? (userId ?? subject) : undefined;
}

/** The person who calls. Throws `identity.personNeeded`. */
export function needPerson(caller: Caller): string {
  const person = personOf(caller);
  if (person === undefined) {
    throw raise("identity.personNeeded", { params: { kind: caller.kind } });
  }
  return person;
}

/** Throws `identity.organizationNotFound` unless the organization of a path is the one in which the caller acts. */
export function checkOwn(id: string, { organization }: Caller): void {
  if (id !== organization) throw raise("identity.organizationNotFound", { params: { id } });
}

/**
 * The caller as he acts in an organization: his own, and from `default`, where accounts begin, any to which its person
 * belongs. There he needs the permission by what he holds there, and by the credential that he calls with. Throws
 * `identity.organizationNotFound`, `access.forbidden`.
 */
export async function callerIn(
  id: string,
  permission: string,
  { caller, ctx }: { readonly caller: Caller; readonly ctx: PluginContext },
): Promise<Caller> {
  if (id === caller.organization) return caller;
  const person = caller.organization === DEFAULT_ORGANIZATION ? personOf(caller) : undefined;
  const holding =
    person === undefined ? undefined : await ctx.get(Identity).organizations.holdingOf(person, id);
  if (holding === undefined) throw raise("identity.organizationNotFound", { params: { id } });
  const { permissions, grants } = holding;
  const inside = { ...caller, organization: id, permissions, grants, instancePermissions: [] };
  if (!ctx.access.can(inside, permission).allowed) {
    throw raiseAccess("access.forbidden", { params: { permission } });
  }
  return inside;
}
