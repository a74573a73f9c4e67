import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contains, notPublic, parseAddress, parseNetwork } from "./address.ts";

function judge(text: string): string | undefined {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`not an address: ${text}`);
  return notPublic(address);
}

const refusedIpv4 = [
  "0.0.0.0",
  "0.255.255.255",
  "10.0.0.1",
  "10.255.255.255",
  "100.64.0.1",
  "100.100.100.200",
  "100.127.255.255",
  "127.0.0.1",
  "127.255.255.254",
  "168.63.129.16",
  "169.254.0.1",
  "169.254.169.254",
  "169.254.170.2",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.1",
  "192.0.0.192",
  "192.0.2.1",
  "192.88.99.1",
  "192.168.0.1",
  "198.18.0.1",
  "198.19.255.255",
  "198.51.100.1",
  "203.0.113.1",
  "224.0.0.1",
  "239.255.255.255",
  "240.0.0.1",
  "255.255.255.255",
];

const publicIpv4 = [
  "1.1.1.1",
  "8.8.8.8",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "126.255.255.255",
  "128.0.0.0",
  "169.253.255.255",
  "169.255.0.0",
  "172.15.255.255",
  "172.32.0.0",
  "192.0.1.0",
  "192.0.3.0",
  "192.167.255.255",
  "192.169.0.0",
  "198.17.255.255",
  "198.20.0.0",
  "223.255.255.255",
];

const refusedIpv6 = [
  "::",
  "::1",
  "0:0:0:0:0:0:0:1",
  "::127.0.0.1",
  "::8.8.8.8",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "::FFFF:7F00:0001",
  "0:0:0:0:0:ffff:127.0.0.1",
  "0000:0000:0000:0000:0000:ffff:7f00:0001",
  "::ffff:a9fe:a9fe",
  "::ffff:0:127.0.0.1",
  "::ffff:0:8.8.8.8",
  "64:ff9b::127.0.0.1",
  "64:ff9b::a9fe:a9fe",
  "64:ff9b::10.0.0.1",
  "64:ff9b:1::1",
  "64:ff9b:1::8.8.8.8",
  "100::1",
  "2001::1",
  "2001:0:4136:e378:8000:63bf:3fff:fdd2",
  "2001:2::1",
  "2001:10::1",
  "2001:20::1",
  "2001:1ff:ffff::1",
  "2001:db8::1",
  "2002:7f00:1::1",
  "2002:808:808::1",
  "3fff::1",
  "4000::1",
  "5f00::1",
  "fc00::1",
  "fd00:ec2::254",
  "fdff:ffff::1",
  "fe80::1",
  "fe80::1%eth0",
  "febf::1",
  "fec0::1",
  "ff02::1",
  "ff0e::1",
];

const publicIpv6 = [
  "::ffff:8.8.8.8",
  "::ffff:808:808",
  "64:ff9b::8.8.8.8",
  "2001:200::1",
  "2001:4860:4860::8888",
  "2003::1",
  "2606:4700:4700::1111",
  "2a00::1",
  "3ffe::1",
];

describe("notPublic", () => {
  it.each([...refusedIpv4, ...refusedIpv6])("names a reason to refuse %s", (text) => {
    expect(judge(text)).toEqual(expect.any(String));
  });

  it.each([...publicIpv4, ...publicIpv6])("holds %s for public", (text) => {
    expect(judge(text)).toBeUndefined();
  });

  it("judges an IPv4 address alike in plain, mapped and NAT64 form", () => {
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        expect(judge(`::ffff:${text}`)).toBe(judge(text));
        expect(judge(`64:ff9b::${text}`)).toBe(judge(text));
      }),
    );
  });
});

describe("parseAddress", () => {
  it("reads every spelling of an IPv6 address as the one that URL writes", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const canonical = new URL(`http://[${text}]`).hostname.slice(1, -1);
        expect(parseAddress(text)).toBe(parseAddress(canonical));
      }),
    );
  });

  it.each([
    "",
    "localhost",
    "1.2.3",
    "0x7f.1",
    "1.2.3.4.5",
    "256.1.1.1",
    ":::",
    "1::2::3",
    "[::1]",
    "::g",
  ])("reads %j as no address", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

describe("parseNetwork", () => {
  it.each([
    "10.0.0.0/33",
    "::/129",
    "10.0.0.0/",
    "10.0.0.0/a",
    "10.0.0.0/8/8",
    "example.com/8",
    "fe80::%1/10",
    "",
  ])("reads %j as no network", (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });

  it("holds the first and the last address of a block and neither neighbour", () => {
    const network = parseNetwork("172.16.0.0/12");
    const isInside = (text: string): boolean => {
      const address = parseAddress(text);
      return network !== undefined && address !== undefined && contains(network, address);
    };
    expect(["172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"].map(isInside)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});
