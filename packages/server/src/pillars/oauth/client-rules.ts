import { mayGive } from "portico/kernel";
import type { Caller } from "portico/kernel";
import { raise } from "./errors.ts";
import { isPermission } from "./scopes.ts";

/** Throws `oauth.exceedsCreator` for scopes that a caller does not hold. */
export function checkScopes(scopes: readonly string[], caller: Caller): void {
  const beyond = scopes.filter(isPermission).filter((scope) => !mayGive(caller, scope));
  if (beyond.length > 0)
    throw raise("oauth.exceedsCreator", { params: { what: beyond.join(", ") } });
}

/** Throws `oauth.badRedirect` for an address to which a browser must not be sent with a code. */
export function checkRedirects(uris: readonly string[]): void {
  for (const uri of uris) {
    const reason = objectionTo(uri);
    if (reason !== undefined) throw raise("oauth.badRedirect", { params: { got: uri, reason } });
  }
}

function objectionTo(uri: string): string | undefined {
  const url = URL.parse(uri);
  if (url === null) return "it is no absolute address";
  if (uri.includes("#")) return "it has a fragment";
  if (url.username !== "" || url.password !== "") return "it holds a name or password";
  if (url.protocol === "https:") return undefined;
  if (url.protocol !== "http:") return `its scheme is ${url.protocol}`;
  const isLoopback = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  return isLoopback ? undefined : "http is for loopback addresses alone";
}
