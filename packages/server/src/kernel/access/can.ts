import type { AccessDecision, Caller, ResourceGrant } from "../contract/index.ts";

/** Over what a permission reaches. */
export type PermissionScope = "organization" | "instance";

/** What somebody would do. */
export interface Action {
  /** A whole permission: `notes:write`. */
  readonly permission: string;
  /** Undefined when nobody declares the permission: then nobody holds it. */
  readonly scope: PermissionScope | undefined;
  /** To what: `room:42`. Left out where it is asked in general. */
  readonly resource?: string | undefined;
}

const ALLOWED: AccessDecision = Object.freeze({ allowed: true, reason: "granted" });

/**
 * Whether a caller may do something: the one judgement of operations, gateway, sockets and automations, and pure. First
 * denials, which win; then what is held in general: `notes:*` grants every action of notes, `*` every permission of the same
 * scope; then what is held over the resource. An organization's `*` and its grants never include a permission over the
 * installation (design §10.2).
 */
export function can(caller: Caller, action: Action): AccessDecision {
  const { permission, scope } = action;
  if (scope === undefined)
    return denied(`Neither a plugin nor a fronted API declares the permission '${permission}'.`);
  const over = scope === "instance" ? [] : (caller.grants ?? []);
  for (const grant of over) {
    if (grant.effect === "deny" && meets(grant, action)) {
      return denied(
        `The caller '${caller.subject}' is denied '${grant.permission}' over '${grant.resource}'.`,
      );
    }
  }
  const held = scope === "instance" ? caller.instancePermissions : caller.permissions;
  for (const each of held) if (grants(each, permission)) return ALLOWED;
  for (const grant of over) if (grant.effect === "allow" && covers(grant, action)) return ALLOWED;
  return denied(`The caller '${caller.subject}' does not hold '${permission}' (${scope}).`);
}

/** True when the grant is about all of this action: its permission and its resource. */
export function covers(
  grant: ResourceGrant,
  { permission, resource }: Omit<Action, "scope">,
): boolean {
  if (!grants(grant.permission, permission)) return false;
  return grant.resource === "*" || (resource !== undefined && grants(grant.resource, resource));
}

/** True when the grant is about any of it: a denial over one room is one over a part of `room:*`. */
export function meets(grant: ResourceGrant, action: Omit<Action, "scope">): boolean {
  const { permission, resource } = action;
  if (!grants(grant.permission, permission) && !grants(permission, grant.permission)) return false;
  if (grant.resource === "*") return true;
  if (resource === undefined) return false;
  return grants(grant.resource, resource) || grants(resource, grant.resource);
}

/**
 * Whether a caller may give somebody else a permission over its organization, or over one resource: holds all that it can
 * mean, by itself or over that resource, and is denied nothing of it. Nobody gives what he lacks.
 */
export function mayGive(caller: Caller, permission: string, resource = "*"): boolean {
  const { permissions, grants: over = [] } = caller;
  const wanted = { permission, resource };
  if (over.some((grant) => grant.effect === "deny" && meets(grant, wanted))) return false;
  return (
    permissions.some((held) => grants(held, permission)) ||
    over.some((grant) => grant.effect === "allow" && covers(grant, wanted))
  );
}

function denied(reason: string): AccessDecision {
  return { allowed: false, reason };
}

/** True when holding `grant` means holding `permission`: the same, `resource:*`, or `*`. */
export function grants(grant: string, permission: string): boolean {
  if (grant === permission || grant === "*") return true;
  return (
    grant.length > 2 &&
    grant.endsWith(":*") &&
    permission.length >= grant.length &&
    permission.startsWith(grant.slice(0, -1))
  );
}
