import { skeletonOf } from "./confusables.ts";
import { raise } from "./errors.ts";

const USERNAME = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}._-]{0,30}[\p{L}\p{M}\p{N}])$/u;
const EMAIL =
  /^[^\s\p{C}@<>"'`,;:\\()[\]]{1,64}@[^\s\p{C}@<>"'`,;:\\()[\]._-][^\s\p{C}@<>"'`,;:\\()[\]_]{0,252}$/u;
const EMAIL_LENGTH_MAX = 254;

/** Names that speak for the installation. */
const RESERVED = new Set(
  (
    "admin administrator root system portico operator support security help moderator anonymous guest everyone null " +
    "undefined me postmaster webmaster abuse"
  )
    .split(" ")
    .map(skeletonOf),
);

/** A username in the forms in which it is kept. */
export interface Username {
  readonly username: string;
  readonly username_key: string;
  readonly username_skeleton: string;
}

/** Throws `identity.badUsername`. */
export function readUsername(text: string): Username {
  const username = text.normalize("NFC");
  if (!USERNAME.test(username) || !username.isWellFormed()) {
    throw raise("identity.badUsername", { params: { username: text.slice(0, 64) } });
  }
  return {
    username,
    username_key: usernameKey(username),
    username_skeleton: skeletonOf(username),
  };
}

/** The same, of a name that somebody gives to themselves. Throws `identity.usernameTaken` too, for names that are reserved. */
export function chooseUsername(text: string): Username {
  const name = readUsername(text);
  if (RESERVED.has(name.username_skeleton)) {
    throw raise("identity.usernameTaken", { params: { username: name.username } });
  }
  return name;
}

/** By which an account is found, however its name is written. */
export function usernameKey(text: string): string {
  // Twice: ẞ and final sigma have lower forms that upper case brings together.
  return text.normalize("NFKC").toLowerCase().toUpperCase().toLowerCase().normalize("NFC");
}

/** An address in the forms in which it is kept. */
export interface Email {
  readonly email: string;
  readonly email_key: string;
}

/** Throws `identity.badEmail`. */
export function readEmail(text: string): Email {
  const email = text.trim();
  if (email.length > EMAIL_LENGTH_MAX || !EMAIL.test(email) || !email.isWellFormed()) {
    throw raise("identity.badEmail", { params: { email: text.slice(0, 64) } });
  }
  return { email, email_key: emailKey(email) };
}

/** By which an address is found. Case is ignored on both sides of the @, as everybody but RFC 5321 does. */
export function emailKey(text: string): string {
  return text.trim().normalize("NFKC").toLowerCase();
}
