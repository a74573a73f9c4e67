import type { Read, ResourceGrant } from "portico/kernel";
import { builtInRoles, GUEST } from "./built-in-roles.ts";
import { listIn } from "./tables.ts";
import type { GrantRow, OrganizationTables } from "./tables.ts";

/** Whom the guests of the installation are: callers without an account. */
export const NOBODY = "anonymous";
/** Ids of service accounts begin with it. */
export const SERVICE_ACCOUNT = "svc";

/** A role that somebody holds, and by what. */
export interface HeldRole {
  readonly name: string;
  readonly permissions: readonly string[];
  /** Id of the team by which it is held; null where it is held by oneself. */
  readonly team: string | null;
}

/** A grant that somebody holds, and by what. */
export interface HeldGrant extends ResourceGrant {
  readonly id: string;
  readonly team: string | null;
  /** Milliseconds since 1970; null for never. */
  readonly expiresAt: number | null;
}

/** What somebody is in an organization, and what that rests on. */
export interface Standing {
  /** `none` of who does not belong to it; `barred` of a banned member and of a service account that is switched off. */
  readonly state: "active" | "barred" | "none";
  readonly roles: readonly HeldRole[];
  /** Those that have expired meanwhile, too. */
  readonly grants: readonly HeldGrant[];
}

interface Base {
  readonly state: Standing["state"];
  /** Held by oneself. */
  readonly roles: readonly string[];
}

const STRANGER: Base = { state: "none", roles: [] };

/** Reads what somebody is in the organization that the handle is bound to: a person, a service account, or nobody. */
export async function readStanding(read: Read, id: string): Promise<Standing> {
  const [base, teams, grants, made] = await Promise.all([
    baseOf(read, id),
    teamsOf(read, id),
    grantsOf(read, id),
    read.db<OrganizationTables>().selectFrom("identity_roles").selectAll().execute(),
  ]);
  if (base.state !== "active") return { state: base.state, roles: [], grants: [] };
  const own = new Map(made.map((row) => [row.name, listIn(row.permissions)]));
  const held = (names: readonly string[], team: string | null): readonly HeldRole[] =>
    names.map((name) => ({ name, team, permissions: own.get(name) ?? builtIn(name) }));
  return {
    state: "active",
    roles: [
      ...held(base.roles, null),
      ...teams.flatMap((team) => held(listIn(team.roles), team.id)),
    ],
    grants: grants.map(toHeld),
  };
}

/** A name that nothing has any more means nothing. */
function builtIn(name: string): readonly string[] {
  return Object.hasOwn(builtInRoles, name) ? (builtInRoles[name]?.permissions ?? []) : [];
}

async function baseOf(read: Read, id: string): Promise<Base> {
  if (id === NOBODY) return { state: "active", roles: [GUEST] };
  const db = read.db<OrganizationTables>();
  if (id.startsWith(`${SERVICE_ACCOUNT}_`)) {
    const row = await db
      .selectFrom("identity_service_accounts")
      .select(["roles", "disabled_at"])
      .where("id", "=", id)
      .executeTakeFirst();
    return row === undefined
      ? STRANGER
      : { state: stateOf(row.disabled_at), roles: listIn(row.roles) };
  }
  const row = await db
    .selectFrom("identity_memberships")
    .select(["roles", "banned_at"])
    .where("user_id", "=", id)
    .executeTakeFirst();
  return row === undefined ? STRANGER : { state: stateOf(row.banned_at), roles: listIn(row.roles) };
}

function stateOf(barredAt: number | null): "active" | "barred" {
  return barredAt === null ? "active" : "barred";
}

async function teamsOf(
  read: Read,
  id: string,
): Promise<readonly { readonly id: string; readonly roles: string }[]> {
  return await read
    .db<OrganizationTables>()
    .selectFrom("identity_teams as teams")
    .innerJoin("identity_team_members as members", "members.team", "teams.id")
    .select(["teams.id", "teams.roles"])
    .where("members.user_id", "=", id)
    .orderBy("teams.id")
    .execute();
}

async function grantsOf(read: Read, id: string): Promise<readonly GrantRow[]> {
  return await read
    .db<OrganizationTables>()
    .selectFrom("identity_grants")
    .selectAll()
    .where((where) =>
      where.or([
        where.and([where("subject_kind", "<>", "team"), where("subject", "=", id)]),
        where.and([
          where("subject_kind", "=", "team"),
          where(
            "subject",
            "in",
            where.selectFrom("identity_team_members").select("team").where("user_id", "=", id),
          ),
        ]),
      ]),
    )
    .orderBy("id")
    .execute();
}

function toHeld(row: GrantRow): HeldGrant {
  return {
    id: row.id,
    team: row.subject_kind === "team" ? row.subject : null,
    resource: row.resource,
    permission: row.permission,
    effect: row.effect,
    expiresAt: row.expires_at,
  };
}
