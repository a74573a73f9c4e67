import { DEFAULT_ORGANIZATION } from "portico/kernel";
import type { PluginContext, Tx } from "portico/kernel";
import type { StartPart } from "../part.ts";
import { MEMBER, roleNames } from "./built-in-roles.ts";
import { raise } from "./errors.ts";
import { HOLDING_CHANGES } from "./face.ts";
import type { Membership, OrganizationsFace } from "./face.ts";
import { Holdings, ORGANIZATION_CHANGES } from "./holdings.ts";
import {
  forgetMember,
  insertMember,
  join,
  lockMember,
  toMembership,
  writeRoles,
} from "./members.ts";
import { redeem } from "./redeem.ts";
import type { OrganizationTables } from "./tables.ts";

/** Starts this room; `started` is given what its contributions work with. */
export const startOrganizations: StartPart<
  OrganizationsFace,
  [started: (holdings: Holdings) => void]
> = async (ctx, started) => {
  await makeDefault(ctx);
  const holdings = new Holdings(ctx);
  started(holdings);
  return {
    face: faceOf(ctx, holdings),
    stop: () => {
      holdings.stop();
      return Promise.resolve();
    },
  };
};

/** The organization of a single-tenant installation is always there. */
async function makeDefault(ctx: PluginContext): Promise<void> {
  const scope = { organization: DEFAULT_ORGANIZATION };
  const origin = ctx.newOrigin("identity");
  await ctx.store.transaction({ scope, origin }, async (tx) => {
    await tx
      .db<OrganizationTables>()
      .insertInto("identity_organizations")
      .values({
        organization: DEFAULT_ORGANIZATION,
        name: "Default",
        created_at: Math.floor(ctx.clock.now()),
        created_by: "portico",
        deleted_at: null,
        revision: 1,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  });
}

function faceOf(ctx: PluginContext, holdings: Holdings): OrganizationsFace {
  return {
    holdingOf: async (userId, organization) => {
      const isClosed = await holdings.isClosed(organization);
      return isClosed ? undefined : await holdings.holdingOf(userId, organization);
    },
    knownHolding: (userId, organization) =>
      holdings.isKnownOpen(organization)
        ? holdings.known(userId, organization)?.holding
        : undefined,
    membershipsOf: (userId) => membershipsOf(userId, ctx),
    admit: async ({ userId, invitation }, tx) => {
      if (invitation !== undefined) {
        return toMembership(await redeem({ token: invitation, userId }, ctx, tx));
      }
      const inside = tx.within({ organization: DEFAULT_ORGANIZATION });
      return toMembership(await join({ userId, roles: [MEMBER] }, { ctx, tx: inside }));
    },
    assign: (membership, tx) => assign(membership, ctx, tx),
    removeEverywhere: async (userId, tx) => {
      const rows = await tx
        .within("instance")
        .db<OrganizationTables>()
        .selectFrom("identity_memberships")
        .selectAll()
        .where("user_id", "=", userId)
        .orderBy("organization")
        .execute();
      for (const row of rows) {
        const { organization } = row;
        await forgetMember(row, { ctx, tx: tx.within({ organization }) });
      }
      await tx
        .within("instance")
        .db<OrganizationTables>()
        .deleteFrom("identity_grants")
        .where("subject_kind", "=", "user")
        .where("subject", "=", userId)
        .execute();
    },
    changing: (userId, tx) => {
      holdings.distrust(userId);
      tx.changed(HOLDING_CHANGES, userId);
    },
    closing: (organization, tx) => {
      holdings.distrustOrganization(organization);
      tx.changed(ORGANIZATION_CHANGES, organization);
    },
  };
}

async function membershipsOf(userId: string, ctx: PluginContext): Promise<readonly Membership[]> {
  const rows = await ctx.store
    .read("instance")
    .db<OrganizationTables>()
    .selectFrom("identity_memberships")
    .selectAll()
    .where("user_id", "=", userId)
    .where("banned_at", "is", null)
    .orderBy("joined_at")
    .orderBy("organization")
    .execute();
  return rows.map(toMembership);
}

async function assign(
  { organization, userId, roles }: Membership,
  ctx: PluginContext,
  tx: Tx,
): Promise<Membership> {
  const inside = tx.within({ organization });
  const wanted = { userId, roles: roleNames(roles) };
  const place = { ctx, tx: inside };
  const made = await insertMember(wanted, place);
  if (made !== undefined) return toMembership(made);
  const row = await lockMember(userId, inside);
  if (row === undefined) throw raise("identity.memberNotFound", { params: { id: userId } });
  return toMembership(await writeRoles(row, wanted.roles, place));
}
