import type { RequestClient } from "portico/kernel";
import { Identity } from "../capability.ts";
import { changePerson } from "./change.ts";
import type { PersonPlace } from "./change.ts";
import { deviceName } from "./device.ts";
import { endLinks } from "./links.ts";
import type { PeopleTables, PersonRow } from "./tables.ts";

/** A new password, hashed. */
export interface NewPassword {
  readonly hash: string;
  readonly by: "password" | "mail" | "operator";
  /** From where: for the mail that tells of it. */
  readonly client: RequestClient;
  /** A session that stays: the one in which it was changed. */
  readonly except?: string | undefined;
  /** The address to which the link was sent that this was done with: whoever opened it has it. */
  readonly shownEmailKey?: string | null;
}

/**
 * Gives a person a new password. Whatever was begun with the one before is over: sessions, links, devices that were known.
 * The owner is told by mail.
 */
export async function setPassword(password: NewPassword, place: PersonPlace): Promise<PersonRow> {
  const { id, ctx, tx } = place;
  const { hash, by, client, except, shownEmailKey = null } = password;
  const row = await changePerson(place, async (before) => {
    const isShown = shownEmailKey !== null && shownEmailKey === before.email_key;
    const isProof = isShown && before.verified_key === null && (await isFree(shownEmailKey, place));
    return {
      set: {
        password_hash: hash,
        password_at: Math.floor(ctx.clock.now()),
        ...(isProof ? { verified_key: shownEmailKey } : {}),
      },
      audit: { action: "auth.setPassword", before: {}, after: { by } },
      events: [{ type: "user.passwordChanged", data: { by } }],
    };
  });
  const { people, sessions } = ctx.get(Identity);
  await sessions.end({ userId: id, ...(except === undefined ? {} : { except }) }, tx);
  await endLinks({ person: id, purpose: "reset" }, tx);
  await people.release(id, tx);
  if (row.email !== null) {
    const { address } = client;
    tx.enqueue("mailPasswordChanged", { person: id, device: deviceName(client), address });
  }
  return row;
}

async function isFree(emailKey: string, { tx }: PersonPlace): Promise<boolean> {
  const owner = await tx
    .db<PeopleTables>()
    .selectFrom("identity_people")
    .select("id")
    .where("verified_key", "=", emailKey)
    .executeTakeFirst();
  return owner === undefined;
}
