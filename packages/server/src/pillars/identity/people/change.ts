import { DEFAULT_ORGANIZATION } from "portico/kernel";
import type { PluginContext, Tx } from "portico/kernel";
import { Identity } from "../capability.ts";
import { raise } from "./errors.ts";
import type { PeopleTables, PersonRow } from "./tables.ts";

/** What becomes of a row. */
export interface PersonChange {
  /** Columns that change; none, and nothing happens. */
  readonly set: Partial<PersonRow>;
  /** What the audit is told, in words of the API; never a hash. */
  readonly audit: { readonly action: string; readonly before: object; readonly after: object };
  readonly events: readonly { readonly type: string; readonly data?: object }[];
}

/** Nothing changes. */
export const unchanged: PersonChange = {
  set: {},
  audit: { action: "", before: {}, after: {} },
  events: [],
};

/** Where a person is changed. */
export interface PersonPlace {
  readonly id: string;
  readonly ctx: PluginContext;
  readonly tx: Tx;
  /** Whose logs tell of it: see {@link organizationsOf}. */
  readonly organizations: readonly string[];
}

/**
 * Changes a person's row under its lock; `decide` says how, and may refuse. Throws `identity.personNotFound`. What changed
 * is told on the log of each organization of the person, in the same transaction.
 */
export async function changePerson(
  place: PersonPlace,
  decide: (row: PersonRow) => PersonChange | Promise<PersonChange>,
): Promise<PersonRow> {
  const { id, ctx, tx } = place;
  const db = tx.db<PeopleTables>();
  const select = db.selectFrom("identity_people").selectAll().where("id", "=", id);
  const row = await tx.forUpdate(select).executeTakeFirst();
  if (row === undefined || row.state === "deleted") {
    throw raise("identity.personNotFound", { params: { id } });
  }
  const { set, audit, events } = await decide(row);
  if (Object.keys(set).length === 0) return row;
  const whole = { ...set, updated_at: Math.floor(ctx.clock.now()), revision: row.revision + 1 };
  ctx.get(Identity).people.changing(id, tx);
  await db.updateTable("identity_people").set(whole).where("id", "=", id).execute();
  tx.audit({ ...audit, target: id });
  for (const event of events) tell({ ...event, person: { ...row, ...set } }, place);
  return { ...row, ...whole };
}

/** The organizations a person belongs to, on whose logs it is told; `default` for who belongs to none. Before the transaction. */
export async function organizationsOf(id: string, ctx: PluginContext): Promise<readonly string[]> {
  const memberships = await ctx.get(Identity).organizations.membershipsOf(id);
  const names = new Set(memberships.map(({ organization }) => organization));
  return names.size === 0 ? [DEFAULT_ORGANIZATION] : [...names];
}

function tell(
  event: {
    readonly type: string;
    readonly data?: object;
    readonly person: Pick<PersonRow, "id" | "username">;
  },
  { tx, organizations }: PersonPlace,
): void {
  const { type, data, person } = event;
  const { id, username } = person;
  for (const organization of organizations) {
    tx.within({ organization }).emit(type, { id, username, ...data }, { subject: id });
  }
}
