import { lookup as systemLookup, Resolver } from "node:dns/promises";
import { parseAddress } from "./address.ts";
import { isAllowed } from "./destination.ts";
import type { Destination, Policy } from "./destination.ts";
import { raise } from "./errors.ts";

/** Finds all addresses of a name, IPv4 and IPv6, in the order in which to try them; rejects or is empty when none. */
export type Lookup = (name: string) => Promise<readonly string[]>;

/** What `localhost` means everywhere (RFC 6761 §6.3). */
export const LOOPBACK: readonly string[] = ["127.0.0.1", "::1"];
/** Definite answers. A name server that stays silent gets no second question, see below. */
const NOT_IN_DNS = new Set(["ENOTFOUND", "ENODATA", "ECONNREFUSED", "EREFUSED", "EBADNAME"]);

/**
 * Asks DNS over its own sockets, and the system's `getaddrinfo` only for names that DNS definitely does not know
 * (hosts file, search domains). `getaddrinfo` has two threads for all: names on dead name servers, which a
 * tenant can choose, would hold up everybody's.
 */
export function dnsLookup(): Lookup {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  return async (name) => {
    if (/^(.+\.)?localhost\.?$/.test(name)) return LOOPBACK;
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const found = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    // A family that does not answer hides nothing: only addresses that were seen and judged are ever connected to.
    if (found.length > 0) return found;
    const failure = answers.find(
      (answer) => answer.status === "rejected" && !isAbsent(answer.reason),
    );
    if (failure?.status === "rejected") throw failure.reason;
    return (await systemLookup(name, { all: true, order: "ipv4first" })).map(
      ({ address }) => address,
    );
  };
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && NOT_IN_DNS.has(String(error.code));
}

/** Look-ups of one name that overlap share one answer; none outlives it, so every attempt is judged by a fresh one. */
export function shareLookups(lookup: Lookup): Lookup {
  const underWay = new Map<string, Promise<readonly string[]>>();
  return (name) => {
    const running = underWay.get(name);
    if (running !== undefined) return running;
    const started = lookup(name).finally(() => underWay.delete(name));
    underWay.set(name, started);
    return started;
  };
}

/** The addresses of a destination that may be connected to: all of them, or a refusal because of one. */
export async function resolve(
  destination: Destination,
  policy: Policy,
  lookup: Lookup,
): Promise<readonly string[]> {
  const { host, literal } = destination;
  if (literal !== undefined) return [literal];
  const found = await lookup(host).catch((cause: unknown) => {
    throw raise("outbound.unresolved", { params: { host }, cause });
  });
  if (found.length === 0) throw raise("outbound.unresolved", { params: { host } });
  for (const text of found) {
    const address = parseAddress(text);
    if (address === undefined || !isAllowed(address, policy)) {
      throw raise("outbound.refused", {
        params: { reason: `an address of ${host} is not public.` },
        internal: `${host} has the address ${text}`,
      });
    }
  }
  return found;
}
