import { listIn } from "./grant.ts";
import type { Grant } from "./grant.ts";
import { readLimits } from "./limits.ts";
import type { KeyRow } from "./tables.ts";

/** All that a key can do: what somebody gets who is handed its secret, or what becomes true when it is switched on. */
export function wholeGrant(row: KeyRow): Required<Grant> {
  return {
    permissions: listIn(row.permissions) ?? [],
    instancePermissions: listIn(row.instance_permissions) ?? [],
    environment: row.environment,
    limits: readLimits(row),
    ipAllow: listIn(row.ip_allow) ?? null,
    expiresAt: row.expires_at,
    userId: row.user_id,
  };
}
