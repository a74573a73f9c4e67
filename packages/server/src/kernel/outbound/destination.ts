import { ok, refused } from "../../base/index.ts";
import type { Result } from "../../base/index.ts";
import { contains, notPublic, parseAddress, reached } from "./address.ts";
import type { Address, Network } from "./address.ts";

/** What the operator has decided about calls to elsewhere. */
export interface Policy {
  /** Networks that may be called although they are not public. */
  readonly allow: readonly Network[];
  readonly isHttpsOnly: boolean;
  /** Ports below 1024 that may be called beside 80 and 443. */
  readonly ports: readonly number[];
}

/** A URL after its one parse: from here on nobody looks at the text again. */
export interface Destination {
  readonly origin: string;
  /** As in the URL, an IPv6 address without brackets. */
  readonly host: string;
  /** Name for SNI and the certificate; empty for addresses. */
  readonly serverName: string;
  readonly pathAndQuery: string;
  /** Set when the URL holds an address instead of a name. */
  readonly literal: string | undefined;
}

// Of the ports browsers refuse (WHATWG Fetch §2.9), those that the rule "80, 443 or at least 1024" lets through.
const BAD_PORTS = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669,
  6679, 6697, 10080,
]);

/** Parses a URL and checks all that can be checked without a look-up; the reason is a public sentence. */
export function parseDestination(text: string, policy: Policy): Result<Destination, string> {
  if (!URL.canParse(text))
    return refused("it is not a URL; write for instance https://example.com/hook.");
  const url = new URL(text);
  const reason = objectionToUrl(url, policy);
  if (reason !== undefined) return refused(reason);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const address = parseAddress(host);
  if (address !== undefined && !isAllowed(address, policy)) {
    return refused(`its address is not public (${notPublic(address) ?? "not allowed"}).`);
  }
  return ok({
    origin: url.origin,
    host,
    serverName: address === undefined ? host.replace(/\.$/, "") : "",
    pathAndQuery: url.pathname + url.search,
    literal: address === undefined ? undefined : host,
  });
}

function objectionToUrl(url: URL, policy: Policy): string | undefined {
  const scheme = url.protocol;
  if (scheme !== "https:" && scheme !== "http:")
    return `it starts with ${scheme} instead of https:.`;
  if (policy.isHttpsOnly && scheme === "http:")
    return "it starts with http: where only https: is allowed.";
  if (url.username !== "" || url.password !== "")
    return "it holds a user name or password; use a header.";
  if (url.port === "") return undefined;
  const port = Number(url.port);
  const isUsual = port === 80 || port === 443 || (port >= 1024 && !BAD_PORTS.has(port));
  return isUsual || policy.ports.includes(port) ? undefined : `port ${port} is not used for HTTP.`;
}

/** True when an address may be connected to: public, or in a network that the operator allowed. */
export function isAllowed(address: Address, policy: Policy): boolean {
  if (notPublic(address) === undefined) return true;
  const target = reached(address);
  return policy.allow.some((network) => contains(network, address) || contains(network, target));
}
