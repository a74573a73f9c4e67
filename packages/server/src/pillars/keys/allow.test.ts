import { describe, expect, it } from "vitest";
import { allowList, isWithin, readNetwork } from "./allow.ts";

describe("a list of addresses", () => {
  it.each([
    [["10.0.0.0/8"], "10.255.0.1", true],
    [["10.0.0.0/8"], "11.0.0.1", false],
    [["10.0.0.0/8"], "::ffff:10.0.0.1", true],
    [["10.0.0.0/8"], "::FFFF:0a00:0001", true],
    [["10.0.0.0/8"], "0:0:0:0:0:ffff:a00:1", true],
    [["10.0.0.0/8"], "::ffff:11.0.0.1", false],
    [["::ffff:10.0.0.0/104"], "10.0.0.1", true],
    [["::ffff:10.0.0.0/104"], "11.0.0.1", false],
    [["192.0.2.7"], "192.0.2.7", true],
    [["192.0.2.7"], "192.0.2.8", false],
    [["2001:db8::/32"], "2001:db8:ffff::1", true],
    [["2001:db8::/32"], "2001:db9::1", false],
    [["2001:db8::/32"], "10.0.0.1", false],
    [["0.0.0.0/0"], "203.0.113.9", true],
    [["0.0.0.0/0"], "2001:db8::1", false],
    [["::/0"], "2001:db8::1", true],
    [["fe80::/10"], "fe80::1%eth0", true],
    [["10.0.0.0/8"], "", false],
    [["10.0.0.0/8"], "localhost", false],
  ])("%j lets %s pass: %j", (networks, address, expected) => {
    const allows = allowList(networks);
    expect(allows(address)).toBe(expected);
    expect(allows(address)).toBe(expected);
  });

  it.each([
    "",
    "localhost",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "10.0.0",
    "::/129",
    "fe80::1%eth0",
    "::ffff:0:0/95",
    "10.0.0.0/-1",
  ])("%j is no network", (text) => {
    expect(readNetwork(text)).toBeUndefined();
  });

  it.each([
    ["10.1.0.0/16", ["10.0.0.0/8"], true],
    ["10.0.0.0/7", ["10.0.0.0/8"], false],
    ["::ffff:10.0.0.1", ["10.0.0.0/8"], true],
    ["2001:db8::/33", ["2001:db8::/32"], true],
    ["2001:db8::/31", ["2001:db8::/32"], false],
    ["10.0.0.1", ["::/0"], false],
    ["10.0.0.1", [], false],
  ])("%s lies within %j: %j", (inner, outer, expected) => {
    expect(isWithin(inner, outer)).toBe(expected);
  });
});
