import { describe, expect, it } from "vitest";
import { systemClock } from "../../base/index.ts";
import { createOutbound } from "./index.ts";

const outbound = createOutbound({ allow: [], clock: systemClock });

const refused: readonly (readonly [string, RegExp])[] = [
  ["", /not a URL/],
  ["example.com", /not a URL/],
  ["//example.com", /not a URL/],
  ["http://", /not a URL/],
  ["http://exa mple.com", /not a URL/],
  ["http://1.2.3.4.5.6", /not a URL/],
  ["http://[::1", /not a URL/],
  ["ftp://example.com/", /starts with ftp:/],
  ["file:///etc/passwd", /starts with file:/],
  ["gopher://example.com:70/", /starts with gopher:/],
  ["javascript:alert(1)", /starts with javascript:/],
  ["data:text/plain,x", /starts with data:/],
  ["unix:/var/run/docker.sock", /starts with unix:/],
  ["https://user@example.com/", /user name or password/],
  ["https://user:pass@example.com/", /user name or password/],
  ["https://:pass@example.com/", /user name or password/],
  ["http://example.com:22/", /port 22/],
  ["http://example.com:25/", /port 25/],
  ["http://example.com:1/", /port 1/],
  ["http://example.com:0/", /port 0/],
  ["http://example.com:6667/", /port 6667/],
  ["http://127.0.0.1/", /loopback/],
  ["http://2130706433/", /loopback/],
  ["http://0x7f000001/", /loopback/],
  ["http://0x7f.1/", /loopback/],
  ["http://0177.0.0.1/", /loopback/],
  ["http://017700000001/", /loopback/],
  ["http://127.1/", /loopback/],
  ["http://127.0.1/", /loopback/],
  ["http://127.0.0.1./", /loopback/],
  ["http://%31%32%37.0.0.1/", /loopback/],
  ["http://①②⑦.0.0.1/", /loopback/],
  ["http://127。0。0。1/", /loopback/],
  ["http:\\\\127.0.0.1\\", /loopback/],
  ["http:127.0.0.1", /loopback/],
  [" http://127.0.0.1/ ", /loopback/],
  ["http://127.0.\t0.1/", /loopback/],
  ["http://0/", /this network/],
  ["http://169.254.169.254/latest/meta-data/", /clouds keep credentials/],
  ["http://0xa9fea9fe/", /clouds keep credentials/],
  ["http://2852039166/", /clouds keep credentials/],
  ["http://[::1]/", /loopback/],
  ["http://[::]/", /unspecified/],
  ["http://[0:0:0:0:0:0:0:1]/", /loopback/],
  ["http://[::ffff:127.0.0.1]/", /loopback/],
  ["http://[::ffff:7f00:1]/", /loopback/],
  ["http://[64:ff9b::7f00:1]/", /loopback/],
  ["http://[2002:7f00:1::]/", /6to4/],
  ["http://[2001::1]/", /Teredo/],
  ["http://[fd00:ec2::254]/latest", /private/],
  ["http://[fe80::1]/", /link-local/],
];

describe("objection", () => {
  it.each(refused)("refuses %j", (url, reason) => {
    expect(outbound.objection(url)).toMatch(reason);
  });

  it.each([
    "https://example.com/hook?x=1",
    "http://example.com:8080/",
    "http://example.com:80/",
    "http://example.com:443/",
    "https://8.8.8.8/",
    "https://[2606:4700:4700::1111]:8443/",
    "https://例え.テスト/",
  ])("has nothing against %s", (url) => {
    expect(outbound.objection(url)).toBeUndefined();
  });

  it("refuses http: where the operator allows only https:", () => {
    const strict = createOutbound({ allow: [], clock: systemClock, isHttpsOnly: true });
    expect(strict.objection("http://example.com/")).toMatch(/only https/);
    expect(strict.objection("https://example.com/")).toBeUndefined();
  });

  it("lets a low port pass that the operator named", () => {
    const wider = createOutbound({ allow: [], clock: systemClock, ports: [81] });
    expect(wider.objection("http://example.com:81/")).toBeUndefined();
    expect(wider.objection("http://example.com:82/")).toMatch(/port 82/);
  });

  it("lets an allowed network pass in every spelling and no other", () => {
    const inner = createOutbound({ allow: ["127.0.0.0/8", "fd00::/8"], clock: systemClock });
    expect(inner.objection("http://0x7f.1:8080/")).toBeUndefined();
    expect(inner.objection("http://[::ffff:127.0.0.1]:8080/")).toBeUndefined();
    expect(inner.objection("http://[::1]:8080/")).toBeUndefined();
    expect(inner.objection("http://[fd00::5]/")).toBeUndefined();
    expect(inner.objection("http://10.0.0.1/")).toMatch(/private/);
    expect(inner.objection("http://[fc00::1]/")).toMatch(/private/);
  });

  it("refuses a network that cannot be read when the client is made", () => {
    expect(() => createOutbound({ allow: ["10.0.0.0/40"], clock: systemClock })).toThrow(
      expect.objectContaining({ code: "outbound.badNetwork" }),
    );
  });
});
