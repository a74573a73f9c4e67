import type { CredentialRequest } from "portico/kernel";

const SAFE = new Set(["GET", "HEAD"]);

/**
 * Whether a request that a browser sends with a cookie may be another site's doing. By Fetch Metadata where the browser sends
 * it, else by `Origin`; a change without either is refused, since every browser sends one of them with it. What only reads is
 * let in without both, and where somebody follows a link. A WebSocket begins as a GET and is judged as a change.
 */
export function isForeign(
  { headers, method }: Pick<CredentialRequest, "headers" | "method">,
  origins: ReadonlySet<string>,
): boolean {
  const { origin } = headers;
  const site = headers["sec-fetch-site"];
  const isOwn = typeof origin === "string" && origins.has(origin);
  if (site !== undefined) {
    if (site === "same-origin" || site === "none") return false;
    return !isOwn && !isFollowedLink(headers, method);
  }
  if (origin !== undefined) return !isOwn;
  return !isSafe(headers, method);
}

function isSafe(headers: CredentialRequest["headers"], method: string | undefined): boolean {
  return method !== undefined && SAFE.has(method) && headers["upgrade"] === undefined;
}

function isFollowedLink(
  headers: CredentialRequest["headers"],
  method: string | undefined,
): boolean {
  return isSafe(headers, method) && headers["sec-fetch-mode"] === "navigate";
}
