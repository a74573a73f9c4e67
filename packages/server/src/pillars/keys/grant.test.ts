import type { Caller, RateLimits } from "portico/kernel";
import { anonymous } from "portico/kernel";
import { describe, expect, it } from "vitest";
import { checkGrant, covers } from "./grant.ts";
import type { Creator, Grant } from "./grant.ts";
import { inheritedLimits } from "./limits.ts";
import type { KeyRow } from "./tables.ts";

const caller: Caller = {
  ...anonymous,
  kind: "key",
  permissions: ["notes:*", "events:read"],
  instancePermissions: ["server:read"],
};
const creator: Creator = { caller, row: undefined, mayAll: false };
const unlimited = { rateLimit: null, quotas: [] };
const grant: Grant = {
  permissions: ["notes:read"],
  environment: "live",
  limits: unlimited,
  ipAllow: null,
  expiresAt: null,
  userId: null,
};

function by(over: Partial<Caller>): Creator {
  return { ...creator, caller: { ...caller, ...over } };
}

/** Of a row, what a grant is judged by. */
function withRow(row: Partial<KeyRow>): Creator {
  return { ...creator, row: { ip_allow: null, expires_at: null, ...row } as KeyRow };
}

describe("covers", () => {
  it.each([
    ["*", "*", true],
    ["*", "notes:*", true],
    ["*", "notes:read", true],
    ["notes:*", "notes:*", true],
    ["notes:*", "notes:read", true],
    ["notes:*", "notesandmore:read", false],
    ["notes:*", "*", false],
    ["notes:read", "notes:*", false],
    ["notes:read", "notes:readall", false],
    ["notes:read", "*", false],
    ["", "*", false],
  ])("%j over %j is %j", (held, asked, expected) => {
    expect(covers(held, asked)).toBe(expected);
  });
});

describe("a key", () => {
  it("gets what its creator has", () => {
    expect(() => checkGrant(grant, creator)).not.toThrow();
    expect(() => checkGrant({ instancePermissions: ["server:read"] }, creator)).not.toThrow();
  });

  const tight = (rateLimit: RateLimits): Grant => ({
    limits: { rateLimit, quotas: [] },
  });
  it.each<readonly [string, Grant, Creator]>([
    ["a permission", { permissions: ["notes:read", "events:write"] }, creator],
    ["everything", { permissions: ["*"] }, creator],
    ["all of a resource", { permissions: ["events:*"] }, creator],
    ["a permission over the installation", { instancePermissions: ["*"] }, creator],
    ["another environment", grant, by({ environment: "test" })],
    ["a higher limit", tight(61), by({ limits: ["60/min"] })],
    ["no limit", grant, by({ limits: ["60/min"] })],
    ["more than the tightest limit", tight(61), by({ limits: ["9/s", "3600/h"] })],
    ["a whole day's calls at once", tight("86400/d"), by({ limits: ["60/min"] })],
    ["a greater burst", tight({ limit: 60, burst: 61 }), by({ limits: ["60/min"] })],
    [
      "a greater quota",
      { limits: { rateLimit: null, quotas: [{ limit: 11, window: "day" }] } },
      by({ limits: [{ limit: 10, window: "day", algorithm: "fixed" }] }),
    ],
    ["more calls under way", tight({ concurrency: 3 }), by({ limits: [{ concurrency: 2 }] })],
    ["a rate instead of calls under way", tight(1), by({ limits: [{ concurrency: 2 }] })],
    ["another policy", tight("other"), by({ limits: ["searches"] })],
    ["every address", { ipAllow: null }, withRow({ ip_allow: '["10.0.0.0/8"]' })],
    ["addresses", { ipAllow: ["10.0.0.1", "11.0.0.1"] }, withRow({ ip_allow: '["10.0.0.0/8"]' })],
    ["a wider network", { ipAllow: ["10.0.0.0/7"] }, withRow({ ip_allow: '["10.0.0.0/8"]' })],
    ["a life without end", { expiresAt: null }, withRow({ expires_at: 1_000 })],
    ["a longer life", { expiresAt: 1_001 }, withRow({ expires_at: 1_000 })],
    ["another user's name", { userId: "8" }, by({ userId: "7" })],
    ["nobody's name", { userId: null }, by({ userId: "7" })],
  ])("never gets %s that its creator lacks", (_, wanted, creator) => {
    expect(() => checkGrant(wanted, creator)).toThrow(
      expect.objectContaining({ code: "keys.exceedsCreator", status: 403 }),
    );
  });

  it.each<readonly [string, Grant, Creator]>([
    ["the same limit", tight(60), by({ limits: ["60/min"] })],
    ["a tighter limit", tight("1/s"), by({ limits: ["60/min"] })],
    ["the same policy", tight("searches"), by({ limits: ["searches"] })],
    [
      "addresses within",
      { ipAllow: ["10.1.0.0/16", "::ffff:10.2.0.1"] },
      withRow({ ip_allow: '["10.0.0.0/8"]' }),
    ],
    ["a shorter life", { expiresAt: 1_000 }, withRow({ expires_at: 1_000 })],
    ["his own name", { userId: "7" }, by({ userId: "7" })],
    ["any name, where he may see all", { userId: "8" }, { ...by({ userId: "7" }), mayAll: true }],
  ])("gets %s", (_, wanted, creator) => {
    expect(() => checkGrant(wanted, creator)).not.toThrow();
  });

  it("inherits all limits of its creator, a rate per minute as a number", () => {
    expect(inheritedLimits(caller, undefined)).toEqual(unlimited);
    expect(inheritedLimits({ ...caller, limits: ["60/min"] }, undefined).rateLimit).toBe(60);
    const several = { ...caller, limits: ["60/min", "2/s"] };
    const inherited = inheritedLimits(several, undefined);
    expect(inherited.rateLimit).toEqual([60, "2/s"]);
    expect(() => checkGrant({ limits: inherited }, by(several))).not.toThrow();
  });
});

it("gives no key anything of which its creator is denied a part, over whatever resource", () => {
  const denied = (permission: string, resource: string): Creator =>
    by({ permissions: ["*"], grants: [{ resource, permission, effect: "deny" }] });
  for (const who of [
    denied("notes:write", "room:1"),
    denied("*", "room:1"),
    denied("notes:*", "*"),
  ]) {
    for (const permissions of [["notes:write"], ["notes:*"], ["*"]]) {
      expect(() => checkGrant({ permissions }, who)).toThrow(
        expect.objectContaining({ code: "keys.exceedsCreator" }),
      );
    }
  }
  expect(() =>
    checkGrant({ permissions: ["events:read"] }, denied("notes:write", "*")),
  ).not.toThrow();
});
