import type { AccessDecision, Caller } from "../contract/index.ts";

/** Over what a permission reaches. */
export type PermissionScope = "organization" | "instance";

const ALLOWED: AccessDecision = Object.freeze({ allowed: true, reason: "granted" });

/**
 * Whether the caller holds a permission, which is undefined in scope when nobody declares it. `notes:*` grants every action of notes, `*` every permission of the same
 * scope: an organization's `*` never includes a permission over the installation (design §10.2).
 */
export function decide(
  caller: Caller,
  permission: string,
  scope: PermissionScope | undefined,
): AccessDecision {
  if (scope === undefined)
    return denied(`Neither a plugin nor a fronted API declares the permission '${permission}'.`);
  const held = scope === "instance" ? caller.instancePermissions : caller.permissions;
  for (const grant of held) if (grants(grant, permission)) return ALLOWED;
  return denied(`The caller '${caller.subject}' does not hold '${permission}' (${scope}).`);
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
