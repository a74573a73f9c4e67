import type { Holding } from "./face.ts";
import type { Standing } from "./standing.ts";

/** The sum of a standing at a moment, and until when it is that. */
export interface Sum {
  readonly holding: Holding;
  /** When the next grant expires: milliseconds since 1970; infinite for never. */
  readonly until: number;
}

/** Adds up what somebody may do; undefined for who does not belong to the organization, or is barred from it. */
export function sumOf({ state, roles, grants }: Standing, nowMs: number): Sum | undefined {
  if (state !== "active") return undefined;
  const live = grants.filter(({ expiresAt }) => expiresAt === null || expiresAt > nowMs);
  // What is allowed over every resource is held in general.
  const general = live.filter(({ effect, resource }) => effect === "allow" && resource === "*");
  const over = live.filter((grant) => !general.includes(grant));
  return {
    holding: {
      roles: [...new Set(roles.map(({ name }) => name))],
      permissions: [
        ...new Set([
          ...roles.flatMap(({ permissions }) => permissions),
          ...general.map(({ permission }) => permission),
        ]),
      ],
      grants: over.map(({ resource, permission, effect }) => ({ resource, permission, effect })),
    },
    until: Math.min(Infinity, ...live.map(({ expiresAt }) => expiresAt ?? Infinity)),
  };
}
