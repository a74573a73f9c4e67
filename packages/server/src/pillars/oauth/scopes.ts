import { grants } from "portico/kernel";
import type { ResourceGrant } from "portico/kernel";
import { OPENID_SCOPES } from "./clients.ts";

/** What both say: the scopes of a token, as far as its user holds them. */
export function narrowed(held: readonly string[], scopes: readonly string[]): string[] {
  const both = new Set<string>();
  for (const scope of scopes.filter(isPermission)) {
    for (const permission of held) {
      if (grants(permission, scope)) both.add(scope);
      else if (grants(scope, permission)) both.add(permission);
    }
  }
  return [...both];
}

/** The same over single resources. Denials stay whole: they win whatever the scopes say. */
export function narrowedGrants(
  held: readonly ResourceGrant[],
  scopes: readonly string[],
): ResourceGrant[] {
  return held.flatMap((grant) =>
    grant.effect === "deny"
      ? [grant]
      : narrowed([grant.permission], scopes).map((permission) => ({ ...grant, permission })),
  );
}

/** Scopes that are permissions. */
export function isPermission(scope: string): boolean {
  return !(OPENID_SCOPES as readonly string[]).includes(scope);
}

/** Words in a `scope` field (RFC 6749 §3.3). */
export function wordsOf(scope: unknown): string[] {
  return typeof scope === "string" ? scope.split(" ").filter((word) => word !== "") : [];
}
