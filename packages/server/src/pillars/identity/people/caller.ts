import type { Caller } from "portico/kernel";
import { raise } from "./errors.ts";

/**
 * The person behind a caller: of their session, or for whom an application acts. Throws `identity.notPerson` for keys too: the
 * user that a key names is whatever its creator wrote there.
 */
export function personOf({ kind, subject, userId }: Caller): string {
  if (kind === "user") return userId ?? subject;
  if (kind === "client" && userId !== undefined) return userId;
  throw raise("identity.notPerson");
}

/** The person whose session this is, and nobody who acts for them. Throws `identity.notPerson`. */
export function personThemselves({ kind, subject, userId }: Caller): string {
  if (kind === "user") return userId ?? subject;
  throw raise("identity.notPerson");
}
