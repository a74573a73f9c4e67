import { BlockList, isIP } from "node:net";

/** What a list of addresses says of one of them. */
export type AllowsAddress = (address: string) => boolean;

/** A network with its bits, IPv4 in IPv6 form as IPv4. */
interface Network {
  readonly host: string;
  readonly family: "ipv4" | "ipv6";
  readonly length: number;
}

/** Reads `10.0.0.0/8`, `2001:db8::/32` or an address; undefined for anything else. */
export function readNetwork(text: string): Network | undefined {
  const [host = "", lengthText, ...more] = text.split("/");
  const version = isIP(host);
  if (version === 0 || host.includes("%") || more.length > 0) return undefined;
  const bits = version === 4 ? 32 : 128;
  if (lengthText !== undefined && !/^\d{1,3}$/.test(lengthText)) return undefined;
  const length = lengthText === undefined ? bits : Number(lengthText);
  if (length > bits) return undefined;
  const plain = plainAddress(host);
  if (version === 4 || isIP(plain) === 6) {
    return { host: plain, family: version === 4 ? "ipv4" : "ipv6", length };
  }
  // RFC 4291 §2.5.5.2: a network within ::ffff:0:0/96 is one of IPv4.
  return length < 96 ? undefined : { host: plain, family: "ipv4", length: length - 96 };
}

/**
 * Compiles a list of networks that `readNetwork` has read. IPv4 in IPv6 form (`::ffff:10.0.0.1`) is compared as IPv4. Who
 * calls again from the same address is known by it, without parsing.
 */
export function allowList(networks: readonly string[]): AllowsAddress {
  const list = new BlockList();
  for (const text of networks) {
    const network = readNetwork(text);
    if (network !== undefined) list.addSubnet(network.host, network.length, network.family);
  }
  let last = "";
  let lastVerdict = false;
  return (address) => {
    if (address === last) return lastVerdict;
    const plain = plainAddress(address);
    const version = isIP(plain);
    lastVerdict = version !== 0 && list.check(plain, version === 4 ? "ipv4" : "ipv6");
    last = address;
    return lastVerdict;
  };
}

/** True when all of the network lies in the list. */
export function isWithin(text: string, networks: readonly string[]): boolean {
  const inner = readNetwork(text);
  if (inner === undefined) return false;
  return networks.some((each) => {
    const outer = readNetwork(each);
    if (outer?.family !== inner.family || outer.length > inner.length) return false;
    const list = new BlockList();
    list.addSubnet(outer.host, outer.length, outer.family);
    return list.check(inner.host, inner.family);
  });
}

/** An address with IPv4 in IPv6 form, in any spelling, as IPv4. */
function plainAddress(address: string): string {
  if (isIP(address) !== 6) return address;
  // The URL parser writes the one canonical form (RFC 5952).
  const canonical = new URL(`http://[${address.split("%", 1)[0] ?? ""}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (mapped === null) return canonical;
  return [mapped[1], mapped[2]]
    .map((group) => Number.parseInt(group ?? "0", 16))
    .flatMap((group) => [group >> 8, group & 0xff])
    .join(".");
}
