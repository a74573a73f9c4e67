import type { Tx } from "portico/kernel";
import { isNameTaken } from "./account.ts";
import { unchanged } from "./change.ts";
import type { PersonChange } from "./change.ts";
import { raise } from "./errors.ts";
import { chooseUsername, readEmail, readUsername } from "./names.ts";
import type { PersonRow } from "./tables.ts";

/** What somebody wants of a profile. */
export interface WantedProfile {
  readonly wanted: {
    readonly username?: string;
    readonly displayName?: string;
    readonly email?: string | null;
  };
  readonly before: PersonRow;
  /** An operator may give names that are reserved. */
  readonly isOperator: boolean;
  readonly action: string;
}

/** The change of a profile, of what differs only. Throws `identity.badUsername`, `identity.usernameTaken`, `identity.badEmail`. */
export async function profileChange(given: WantedProfile, tx: Tx): Promise<PersonChange> {
  const { before, action } = given;
  const set = { ...(await nameSet(given, tx)), ...displaySet(given), ...emailSet(given) };
  const after = shown({ ...before, ...set });
  const was = shown(before);
  const changed = Object.keys(after).filter(
    (field) => after[field as keyof typeof after] !== was[field as keyof typeof was],
  );
  if (changed.length === 0) return unchanged;
  return {
    set,
    audit: { action, before: was, after },
    events: [{ type: "user.updated", data: { changed } }],
  };
}

async function nameSet(
  { wanted: { username }, before, isOperator }: WantedProfile,
  tx: Tx,
): Promise<Partial<PersonRow>> {
  if (username === undefined || username === before.username) return {};
  const name = isOperator ? readUsername(username) : chooseUsername(username);
  if (await isNameTaken({ ...name, id: before.id }, tx)) {
    throw raise("identity.usernameTaken", { params: { username: name.username } });
  }
  return name;
}

function displaySet({ wanted: { displayName } }: WantedProfile): Partial<PersonRow> {
  return displayName === undefined ? {} : { display_name: displayName };
}

function emailSet({ wanted: { email }, before }: WantedProfile): Partial<PersonRow> {
  if (email === undefined) return {};
  if (email === null) return { email: null, email_key: null, verified_key: null };
  const read = readEmail(email);
  // Written in another way it is still the address that was confirmed.
  const verified_key = read.email_key === before.email_key ? before.verified_key : null;
  return { ...read, verified_key };
}

function shown(row: PersonRow): {
  readonly username: string;
  readonly displayName: string;
  readonly email: string | null;
} {
  return { username: row.username, displayName: row.display_name, email: row.email };
}
