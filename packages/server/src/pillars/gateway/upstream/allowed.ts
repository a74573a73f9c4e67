import { lookup } from "node:dns";
import { BlockList, isIP } from "node:net";
import type { LookupFunction } from "node:net";

const lists = new WeakMap<readonly string[], BlockList>();

/** True for an address or a range of addresses: `10.0.0.0/8`, `::1`. */
export function isNetwork(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= sizeOf(family));
}

/** Whether an address lies in one of the networks. IPv4 in IPv6 form is judged as IPv4. */
export function isAllowed(address: string, networks: readonly string[]): boolean {
  return listOf(networks).check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

/**
 * Resolves names to those of their addresses that lie in the networks: what is dialled is what was checked, whenever the
 * name comes to mean another.
 */
export function allowedLookup(networks: readonly string[]): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const allowed = found.filter(({ address }) => isAllowed(address, networks));
      const [first] = allowed;
      if (first === undefined) {
        const addresses = found.map(({ address }) => address).join(", ");
        callback(new TypeError(`${hostname} (${addresses}) is in no network of upstreamAllow`), []);
      } else if (options.all === true) {
        callback(null, allowed);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}

function listOf(networks: readonly string[]): BlockList {
  const known = lists.get(networks);
  if (known !== undefined) return known;
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    const family = isIP(address);
    list.addSubnet(address, Number(bits ?? sizeOf(family)), family === 6 ? "ipv6" : "ipv4");
  }
  lists.set(networks, list);
  return list;
}

function sizeOf(family: number): number {
  return family === 6 ? 128 : 32;
}
