import { isIP } from "node:net";

/** The 16 bytes of an address as one number; IPv4 sits in `::ffff:0:0/96`, where IPv6 itself maps it. */
export type Address = bigint;

/** A block of addresses. */
export interface Network {
  readonly first: Address;
  /** Significant bits of 128. */
  readonly length: number;
}

const MAPPED = 0xffffn << 32n;
const LOW_32 = 0xffff_ffffn;

/** Reads a textual address in any valid spelling, without brackets; undefined for anything else, names included. */
export function parseAddress(text: string): Address | undefined {
  // A zone (`fe80::1%eth0`) only says through which interface; the address is judged without it.
  const bare = text.split("%", 1)[0] ?? "";
  const family = isIP(bare);
  if (family === 4) return MAPPED | parseIpv4(bare);
  return family === 6 ? parseIpv6(bare) : undefined;
}

function parseIpv4(text: string): bigint {
  return text.split(".").reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function parseIpv6(text: string): Address {
  const lastColon = text.lastIndexOf(":");
  const tail = text.slice(lastColon + 1);
  if (tail.includes(".")) {
    const value = parseIpv4(tail);
    const groups = `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
    return parseIpv6(text.slice(0, lastColon + 1) + groups);
  }
  const [head = "", rest] = text.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = rest === undefined || rest === "" ? [] : rest.split(":");
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => "0");
  return [...left, ...zeros, ...right].reduce(
    (value, group) => (value << 16n) | BigInt(`0x${group}`),
    0n,
  );
}

/** Reads `10.0.0.0/8`, `fd00::/8` or a single address; undefined for anything else. */
export function parseNetwork(text: string): Network | undefined {
  const [host = "", lengthText, ...more] = text.split("/");
  const address = parseAddress(host);
  if (address === undefined || host.includes("%") || more.length > 0) return undefined;
  const offset = isIP(host) === 4 ? 96 : 0;
  if (lengthText === undefined) return { first: address, length: 128 };
  const length = /^\d{1,3}$/.test(lengthText) ? Number(lengthText) + offset : Infinity;
  return length <= 128 ? { first: address, length } : undefined;
}

/** True when the address lies in the network. */
export function contains(network: Network, address: Address): boolean {
  const shift = BigInt(128 - network.length);
  return network.first >> shift === address >> shift;
}

// IANA special-purpose registries (RFC 6890 and its updates), plus what clouds serve to their own machines only.
const IPV4_REFUSED = table([
  ["0.0.0.0/8", "this network"],
  ["10.0.0.0/8", "private"],
  ["100.64.0.0/10", "carrier-grade NAT"],
  ["127.0.0.0/8", "loopback"],
  ["168.63.129.16/32", "a cloud's host service"],
  ["169.254.0.0/16", "link-local, where clouds keep credentials"],
  ["172.16.0.0/12", "private"],
  ["192.0.0.0/24", "protocol assignments"],
  ["192.0.2.0/24", "documentation"],
  ["192.88.99.0/24", "6to4 relays"],
  ["192.168.0.0/16", "private"],
  ["198.18.0.0/15", "benchmarking"],
  ["198.51.100.0/24", "documentation"],
  ["203.0.113.0/24", "documentation"],
  ["224.0.0.0/4", "multicast"],
  ["240.0.0.0/4", "reserved"],
]);

const IPV6_REFUSED = table([
  ["2001::/32", "Teredo, which hides another address"],
  ["2001::/23", "protocol assignments"],
  ["2001:db8::/32", "documentation"],
  ["2002::/16", "6to4, which hides another address"],
  ["3fff::/20", "documentation"],
]);

// Everything outside 2000::/3 is refused anyway; these names only make the reason readable.
const IPV6_NAMED = table([
  ["::/128", "unspecified"],
  ["::1/128", "loopback"],
  ["64:ff9b:1::/48", "local NAT64, which hides another address"],
  ["100::/64", "discard-only"],
  ["5f00::/16", "segment routing"],
  ["fc00::/7", "private"],
  ["fe80::/10", "link-local"],
  ["ff00::/8", "multicast"],
]);

const [IPV4_MAPPED, NAT64, GLOBAL_UNICAST] = [
  network("::ffff:0:0/96"),
  network("64:ff9b::/96"),
  network("2000::/3"),
];

/** The address that is reached in the end: what mapped (`::ffff:…`) and NAT64 (`64:ff9b::…`) forms carry inside. */
export function reached(address: Address): Address {
  return contains(NAT64, address) ? MAPPED | (address & LOW_32) : address;
}

/** Why an address is not public (`loopback`, `private`, …), or undefined when it is. */
export function notPublic(address: Address): string | undefined {
  const target = reached(address);
  if (contains(IPV4_MAPPED, target)) return find(IPV4_REFUSED, target);
  const special = find(IPV6_REFUSED, target) ?? find(IPV6_NAMED, target);
  return special ?? (contains(GLOBAL_UNICAST, target) ? undefined : "outside the public range");
}

type Block = readonly [Network, string];

function find(blocks: readonly Block[], address: Address): string | undefined {
  return blocks.find(([block]) => contains(block, address))?.[1];
}

function table(rows: readonly (readonly [string, string])[]): readonly Block[] {
  return rows.map(([text, reason]) => [network(text), reason]);
}

function network(text: string): Network {
  const parsed = parseNetwork(text);
  if (parsed === undefined) throw new TypeError(`Not a network: ${text}`);
  return parsed;
}
