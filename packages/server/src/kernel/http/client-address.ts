import { BlockList, isIP } from "node:net";

/** What is known of the client behind the peer. */
export interface Client {
  readonly address: string;
  readonly isHttps: boolean;
}

/** What a request says of where it came from. */
export interface Hops {
  readonly peer: string;
  readonly forwardedFor: string | undefined;
  readonly forwardedProto: string | undefined;
  readonly isEncrypted: boolean;
}

/** Finds the client of a request. */
export type FindClient = (hops: Hops) => Client;

/**
 * Believes `X-Forwarded-For` from trusted proxies only: it is walked from the right, and the first address that is
 * not a trusted proxy is the client. IPv4 in IPv6 form (`::ffff:10.0.0.1`) is compared as IPv4.
 * Throws a TypeError for what is not a CIDR or an address.
 */
export function clientFinder(trustedProxies: readonly string[]): FindClient {
  const trusted = blockList(trustedProxies);
  return ({ peer, forwardedFor, forwardedProto, isEncrypted }) => {
    const address = plainAddress(peer);
    if (trusted === undefined || !isTrusted(trusted, address)) {
      return { address, isHttps: isEncrypted };
    }
    return {
      address: walk(trusted, address, forwardedFor),
      isHttps: forwardedProto === undefined ? isEncrypted : lastOf(forwardedProto) === "https",
    };
  };
}

function walk(trusted: BlockList, peer: string, forwardedFor: string | undefined): string {
  let client = peer;
  for (const hop of (forwardedFor ?? "").split(",").toReversed()) {
    const address = plainAddress(hop.trim());
    if (isIP(address) === 0) break;
    client = address;
    if (!isTrusted(trusted, address)) break;
  }
  return client;
}

function lastOf(list: string): string {
  return (list.split(",").at(-1) ?? "").trim().toLowerCase();
}

function isTrusted(trusted: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && trusted.check(address, family === 6 ? "ipv6" : "ipv4");
}

function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}

function blockList(cidrs: readonly string[]): BlockList | undefined {
  if (cidrs.length === 0) return undefined;
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [net = "", bits] = cidr.split("/");
    const family = isIP(net);
    const length = bits === undefined ? (family === 6 ? 128 : 32) : Number(bits);
    if (family === 0 || !Number.isInteger(length)) throw new TypeError(`'${cidr}' is not a CIDR`);
    list.addSubnet(net, length, family === 6 ? "ipv6" : "ipv4");
  }
  return list;
}

/** Whom to count when there is no credential: the address, of IPv6 its /64; IPv4 in IPv6 form is the IPv4 address. */
export function addressBucket(address: string): string {
  if (isIP(address) !== 6) return address;
  const groups = groupsOf(address);
  const mapped = ipv4In(groups);
  if (mapped !== undefined) return mapped;
  const shortened = groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, "").toLowerCase());
  return `${shortened.join(":")}::/64`;
}

/** The eight groups of a valid IPv6 address. */
function groupsOf(address: string): readonly string[] {
  const [bare = ""] = address.split("%", 1);
  const [head = "", tail] = withoutDots(bare).split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail === undefined) return groups;
  const rest = tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => "0");
  return [...groups, ...zeros, ...rest];
}

/** `::ffff:192.0.2.1` → `::ffff:c000:201`. */
function withoutDots(address: string): string {
  if (!address.includes(".")) return address;
  const start = address.lastIndexOf(":") + 1;
  const [a = 0, b = 0, c = 0, d = 0] = address.slice(start).split(".").map(Number);
  return `${address.slice(0, start)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

/** RFC 4291 §2.5.5.2: `::ffff:0:0/96` holds IPv4 addresses. */
function ipv4In(groups: readonly string[]): string | undefined {
  const numbers = groups.map((group) => Number.parseInt(group, 16));
  const isMapped = numbers[5] === 0xffff && numbers.slice(0, 5).every((group) => group === 0);
  if (!isMapped) return undefined;
  return [numbers[6] ?? 0, numbers[7] ?? 0]
    .flatMap((group) => [group >> 8, group & 0xff])
    .join(".");
}
