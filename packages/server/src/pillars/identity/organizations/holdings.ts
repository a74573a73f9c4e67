import { DEFAULT_ORGANIZATION } from "portico/kernel";
import type { PluginContext } from "portico/kernel";
import { HOLDING_CHANGES } from "./face.ts";
import type { Holding } from "./face.ts";
import { sumOf } from "./holding.ts";
import type { Sum } from "./holding.ts";
import { Remembered } from "./remembered.ts";
import { readStanding } from "./standing.ts";
import type { Standing } from "./standing.ts";
import type { OrganizationTables } from "./tables.ts";

/** The kind under which the end of an organization is told; the id is the organization's. */
export const ORGANIZATION_CHANGES = "identity.organization";

const IDS_MAX = 50_000;

/** A standing in memory, and its sum as it was added up last. */
interface Known {
  readonly standing: Standing;
  sum?: Sum | undefined;
}

/** What people and service accounts are in their organizations: from memory where that may be believed. */
export class Holdings {
  readonly #ctx: PluginContext;
  readonly #standings: Remembered<Known>;
  readonly #closed: Remembered<boolean>;
  #latestMs = 0;

  constructor(ctx: PluginContext) {
    this.#ctx = ctx;
    this.#standings = new Remembered(ctx, {
      kind: HOLDING_CHANGES,
      idsMax: IDS_MAX,
      load: async (id, organization) => ({
        standing: await readStanding(ctx.store.read({ organization }), id),
      }),
    });
    this.#closed = new Remembered(ctx, {
      kind: ORGANIZATION_CHANGES,
      idsMax: IDS_MAX,
      load: (organization) => isClosed(ctx, organization),
    });
  }

  async standingOf(id: string, organization: string): Promise<Standing> {
    return (await this.#standings.find(id, organization)).standing;
  }

  async holdingOf(id: string, organization: string): Promise<Holding | undefined> {
    return this.#sum(await this.#standings.find(id, organization));
  }

  /** The state of somebody, and what he holds; undefined where that has to be looked up. */
  known(
    id: string,
    organization: string,
  ): { readonly state: Standing["state"]; readonly holding: Holding | undefined } | undefined {
    const found = this.#standings.known(id, organization);
    if (found === undefined) return undefined;
    return { state: found.value.standing.state, holding: this.#sum(found.value) };
  }

  /** Whether nobody acts in the organization any more; a promise where that has to be looked up. */
  isClosed(organization: string): boolean | Promise<boolean> {
    if (organization === DEFAULT_ORGANIZATION) return false;
    return this.#closed.known(organization, "")?.value ?? this.#closed.find(organization, "");
  }

  /** True where memory says that the organization is not deleted; nothing is looked up. */
  isKnownOpen(organization: string): boolean {
    if (organization === DEFAULT_ORGANIZATION) return true;
    return this.#closed.known(organization, "")?.value === false;
  }

  /** Looks up, from now until its change was heard of, what somebody holds; `*` for everybody. */
  distrust(id: string): void {
    this.#standings.distrust(id);
  }

  distrustOrganization(organization: string): void {
    this.#closed.distrust(organization);
  }

  stop(): void {
    this.#standings.stop();
    this.#closed.stop();
  }

  #sum(known: Known): Holding | undefined {
    // A clock set back must not bring an expired grant to life again.
    this.#latestMs = Math.max(this.#latestMs, this.#ctx.clock.now());
    if (known.sum === undefined || known.sum.until <= this.#latestMs) {
      known.sum = sumOf(known.standing, this.#latestMs);
    }
    return known.sum?.holding;
  }
}

async function isClosed(ctx: PluginContext, organization: string): Promise<boolean> {
  const row = await ctx.store
    .read({ organization })
    .db<OrganizationTables>()
    .selectFrom("identity_organizations")
    .select("deleted_at")
    .executeTakeFirst();
  return row?.deleted_at !== undefined && row.deleted_at !== null;
}
