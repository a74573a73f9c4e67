import type { Read } from "portico/kernel";
import { builtInRoles, roleNames } from "./built-in-roles.ts";
import { raise } from "./errors.ts";
import { listIn } from "./tables.ts";
import type { OrganizationTables, RoleRow } from "./tables.ts";

/** A role as an organization has it. */
export interface Role {
  readonly name: string;
  /** What people call it: `user` for `member`. */
  readonly label: string;
  readonly description: string;
  readonly permissions: readonly string[];
  /** True for those that every organization has. */
  readonly isBuiltIn: boolean;
  readonly isFixed: boolean;
  /** 0 for one that was never changed here. */
  readonly revision: number;
}

/** Roles that an organization may make, or change. */
export const ROLES_MAX = 100;

/** Every role of the organization that the handle is bound to, by name: those of every organization first. */
export async function readRoles(read: Read): Promise<ReadonlyMap<string, Role>> {
  const rows = await read
    .db<OrganizationTables>()
    .selectFrom("identity_roles")
    .selectAll()
    .orderBy("name")
    .execute();
  const byName = new Map(rows.map((row) => [row.name, row]));
  const names = new Set([...Object.keys(builtInRoles), ...byName.keys()]);
  return new Map([...names].map((name) => [name, toRole(name, byName.get(name))]));
}

/** A role of a name, as its row says where it has one. */
export function toRole(name: string, row: RoleRow | undefined): Role {
  const builtIn = Object.hasOwn(builtInRoles, name) ? builtInRoles[name] : undefined;
  return {
    name,
    label: builtIn?.label ?? name,
    description: row?.description ?? builtIn?.description ?? "",
    permissions: row === undefined ? (builtIn?.permissions ?? []) : listIn(row.permissions),
    isBuiltIn: builtIn !== undefined,
    isFixed: builtIn?.isFixed ?? false,
    revision: row?.revision ?? 0,
  };
}

/** Roles by the names that a caller gave, and what they may do. Throws `identity.roleUnknown`. */
export async function namedRoles(
  given: readonly string[],
  read: Read,
): Promise<{ readonly names: readonly string[]; readonly permissions: readonly string[] }> {
  const names = roleNames(given);
  const roles = await readRoles(read);
  const permissions = names.flatMap((name) => {
    const role = roles.get(name);
    if (role === undefined) throw raise("identity.roleUnknown", { params: { name } });
    return role.permissions;
  });
  return { names, permissions };
}
