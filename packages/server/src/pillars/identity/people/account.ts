import type { PluginContext, Tx } from "portico/kernel";
import { raise } from "./errors.ts";
import type { Person } from "./face.ts";
import type { Email, Username } from "./names.ts";
import { toPerson } from "./person.ts";
import type { PeopleTables, PersonRow } from "./tables.ts";

/** An account to be made, with everything checked. */
export interface NewAccount {
  readonly name: Username;
  readonly email: Email | null;
  /** The address was shown to be theirs. */
  readonly isEmailVerified?: boolean;
  readonly displayName: string;
  readonly passwordHash: string | null;
  readonly instancePermissions?: readonly string[];
}

/**
 * Stores an account. Throws `identity.usernameTaken`, and `identity.emailTaken` where the address is said to be verified:
 * of any number of accounts that only claim an address, each may be made.
 */
export async function insertAccount(
  account: NewAccount,
  tx: Tx,
  ctx: PluginContext,
): Promise<Person> {
  const nowMs = Math.floor(ctx.clock.now());
  const { name, email, passwordHash } = account;
  const row: PersonRow = {
    id: ctx.makeId("user"),
    ...name,
    display_name: account.displayName,
    email: email?.email ?? null,
    email_key: email?.email_key ?? null,
    verified_key: account.isEmailVerified === true ? (email?.email_key ?? null) : null,
    state: "active",
    password_hash: passwordHash,
    password_at: passwordHash === null ? null : nowMs,
    instance_permissions: JSON.stringify(account.instancePermissions ?? []),
    settings: "{}",
    suspended_reason: null,
    created_at: nowMs,
    updated_at: nowMs,
    revision: 1,
  };
  const { numInsertedOrUpdatedRows } = await tx
    .db<PeopleTables>()
    .insertInto("identity_people")
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows !== 1n) await refuseTwin(row, tx);
  return toPerson(row);
}

/** Throws for the column in which the row meets another. */
async function refuseTwin(row: PersonRow, tx: Tx): Promise<never> {
  if (await isNameTaken(row, tx)) {
    throw raise("identity.usernameTaken", { params: { username: row.username } });
  }
  throw raise("identity.emailTaken");
}

/** Whether another account has this name, or one that looks like it. */
export async function isNameTaken(
  name: Username & { readonly id?: string },
  read: Pick<Tx, "db">,
): Promise<boolean> {
  const found = await read
    .db<PeopleTables>()
    .selectFrom("identity_people")
    .select("id")
    .where((where) =>
      where.or([
        where("username_key", "=", name.username_key),
        where("username_skeleton", "=", name.username_skeleton),
      ]),
    )
    .execute();
  return found.some(({ id }) => id !== name.id);
}
