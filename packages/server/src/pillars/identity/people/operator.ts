import { grants } from "portico/kernel";
import type { Caller, Tx } from "portico/kernel";
import { raise } from "./errors.ts";
import type { PeopleTables, PersonRow } from "./tables.ts";

const EVERYTHING = "*";

/** Permissions over the installation, as a row holds them. */
export function permissionsIn(row: PersonRow): readonly string[] {
  // Written by this room.
  return JSON.parse(row.instance_permissions) as string[];
}

/** Throws `identity.exceedsOperator` unless everything in the list is the caller's own. */
export function checkReach(caller: Caller, wanted: readonly string[], what: string): void {
  if (caller.kind === "internal") return;
  const isOwn = (permission: string): boolean =>
    caller.instancePermissions.some((held) => grants(held, permission));
  if (!wanted.every(isOwn)) throw raise("identity.exceedsOperator", { params: { what } });
}

/**
 * Throws `identity.lastAdministrator` where a change leaves nobody who holds everything: asked with the rows of all
 * administrators locked, so that two cannot remove each other.
 */
export async function checkAdministratorsLeft(
  before: PersonRow,
  set: Partial<PersonRow>,
  tx: Tx,
): Promise<void> {
  if (!isAdministrator(before) || isAdministrator({ ...before, ...set })) return;
  const select = tx
    .db<PeopleTables>()
    .selectFrom("identity_people")
    .selectAll()
    .where("instance_permissions", "like", `%"${EVERYTHING}"%`)
    .orderBy("id");
  const rows = await tx.forUpdate(select).execute();
  if (!rows.some((row) => row.id !== before.id && isAdministrator(row))) {
    throw raise("identity.lastAdministrator");
  }
}

function isAdministrator(row: PersonRow): boolean {
  return row.state === "active" && permissionsIn(row).includes(EVERYTHING);
}
