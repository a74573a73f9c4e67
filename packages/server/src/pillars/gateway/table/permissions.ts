import type { InForce, RouteTable } from "./table.ts";

const known = new WeakMap<InForce, ReadonlyMap<string, number>>();

/** The permissions that routes in force ask for, each with how many do. Made once for a table. */
export function permissionsOf({ inForce }: RouteTable): ReadonlyMap<string, number> {
  const found = known.get(inForce);
  if (found !== undefined) return found;
  const counts = new Map<string, number>();
  for (const { permissions } of inForce.compiled.routes) {
    for (const permission of permissions) {
      counts.set(permission, (counts.get(permission) ?? 0) + 1);
    }
  }
  known.set(inForce, counts);
  return counts;
}
