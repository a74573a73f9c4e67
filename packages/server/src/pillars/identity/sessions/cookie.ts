import { ownUrl } from "portico/kernel";
import type { ServerFacts } from "portico/kernel";
import { raise } from "./errors.ts";

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** How a browser holds a session of this server. */
export interface CookieForm {
  readonly name: string;
  readonly isSecure: boolean;
}

/**
 * The cookie's form, by the address at which people reach the server: over https `__Host-` (RFC 6265bis §4.1.3.2: this host
 * only, set by it only, Secure). On plain http of this very machine, where browsers refuse that, a plain name; elsewhere on
 * plain http none.
 */
export function cookieForm(
  server: Pick<ServerFacts, "publicUrl" | "basePath" | "ownHost">,
): CookieForm | undefined {
  const { protocol, hostname } = new URL(ownUrl(server));
  if (protocol === "https:") return { name: "__Host-portico", isSecure: true };
  return LOOPBACK.test(hostname) || hostname.endsWith(".localhost")
    ? { name: "portico_session", isSecure: false }
    : undefined;
}

/** The value of a `Set-Cookie` field: until the browser is closed, or for so many seconds; an empty text ends it. */
export function writeCookie(
  { name, isSecure }: CookieForm,
  text: string,
  maxAgeSeconds?: number,
): string {
  const age = maxAgeSeconds === undefined ? "" : `; Max-Age=${maxAgeSeconds}`;
  return `${name}=${text}; Path=/; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}${age}`;
}

/** The cookie of this name in a `Cookie` field. Throws `identity.twoSessions` where it stands twice. */
export function readCookie(
  field: string | string[] | undefined,
  { name }: Pick<CookieForm, "name">,
): string | undefined {
  if (field === undefined) return undefined;
  // Nearly every request: no cookie of ours, and nothing to be cut.
  if (typeof field === "string" && !field.includes(name)) return undefined;
  const found = pairsOf(field).filter((pair) => nameOf(pair) === name);
  if (found.length > 1) throw raise("identity.twoSessions");
  const [only] = found;
  return only?.slice(only.indexOf("=") + 1).trim();
}

/** The field without the cookie of this name; the very same text where it is not in it. */
export function withoutCookie(field: string, { name }: Pick<CookieForm, "name">): string {
  if (!field.includes(name)) return field;
  const pairs = field.split(";");
  const kept = pairs.filter((pair) => nameOf(pair) !== name);
  return kept.length === pairs.length ? field : kept.join(";").trim();
}

function pairsOf(field: string | readonly string[]): readonly string[] {
  return (typeof field === "string" ? [field] : field).flatMap((line) => line.split(";"));
}

function nameOf(pair: string): string {
  const end = pair.indexOf("=");
  return (end < 0 ? pair : pair.slice(0, end)).trim();
}
