import type { Caller } from "portico/kernel";
import { anonymous } from "portico/kernel";
import { describe, expect, it } from "vitest";
import { checkGrant, covers, rateLimitOf } from "./grant.ts";

const creator: Caller = { ...anonymous, kind: "key", permissions: ["notes:*", "events:read"] };
const grant = { permissions: ["notes:read"], environment: "live", rateLimit: null };

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

describe("a new key", () => {
  it("gets what its creator has", () => {
    expect(() => checkGrant(grant, creator)).not.toThrow();
  });

  it.each([
    ["a permission", { ...grant, permissions: ["notes:read", "events:write"] }, creator],
    ["everything", { ...grant, permissions: ["*"] }, creator],
    ["all of a resource", { ...grant, permissions: ["events:*"] }, creator],
    ["another environment", grant, { ...creator, environment: "test" }],
    ["a higher limit", { ...grant, rateLimit: 61 }, { ...creator, limits: ["60/min"] }],
    ["no limit", grant, { ...creator, limits: ["60/min"] }],
    [
      "more than the tightest limit",
      { ...grant, rateLimit: 61 },
      { ...creator, limits: ["9/s", "3600/h"] },
    ],
  ])("never gets %s that its creator lacks", (_, wanted, by) => {
    expect(() => checkGrant(wanted, by)).toThrow(
      expect.objectContaining({ code: "keys.exceedsCreator", status: 403 }),
    );
  });

  it("inherits the tightest limit of its creator", () => {
    expect(rateLimitOf(creator)).toBeNull();
    expect(rateLimitOf({ ...creator, limits: ["60/min", "2/s"] })).toBe(60);
    expect(rateLimitOf({ ...creator, limits: ["1/d"] })).toBe(1);
  });
});
