import { covers, grants, meets } from "portico/kernel";
import type { HeldGrant, Standing } from "./standing.ts";

/** What decided whether somebody may do something. */
export interface Decider {
  /** `denial` and `grant` are of grants, `role` of a role; `none`: nothing gives it; `barred`, `stranger`: what he is. */
  readonly kind: "denial" | "grant" | "role" | "none" | "barred" | "stranger";
  /** Id of the grant, or name of the role. */
  readonly id: string | null;
  /** Id of the team by which it is held. */
  readonly team: string | null;
  /** What of it is about the permission asked for: `notes:*`. */
  readonly permission: string | null;
  readonly resource: string | null;
}

/** What is asked. */
export interface Question {
  readonly permission: string;
  readonly resource?: string | undefined;
}

/** Everything that speaks for or against it, what decides first: denials, then grants, then roles. */
export function decidersOf(
  { state, roles, grants: held }: Standing,
  question: Question,
  nowMs: number,
): readonly Decider[] {
  if (state !== "active") {
    const kind = state === "barred" ? "barred" : "stranger";
    return [{ kind, id: null, team: null, permission: null, resource: null }];
  }
  const live = held.filter(({ expiresAt }) => expiresAt === null || expiresAt > nowMs);
  const denials = live.filter((grant) => grant.effect === "deny" && meets(grant, question));
  const given = live.filter((grant) => grant.effect === "allow" && covers(grant, question));
  const byRole = roles.flatMap(({ name, team, permissions }): readonly Decider[] => {
    const permission = permissions.find((each) => grants(each, question.permission));
    return permission === undefined
      ? []
      : [{ kind: "role", id: name, team, permission, resource: null }];
  });
  return [
    ...denials.map((grant) => ofGrant("denial", grant)),
    ...given.map((grant) => ofGrant("grant", grant)),
    ...byRole,
  ];
}

function ofGrant(kind: "denial" | "grant", grant: HeldGrant): Decider {
  const { id, team, permission, resource } = grant;
  return { kind, id, team, permission, resource };
}
