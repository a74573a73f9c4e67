import { describe, expect, it } from "vitest";
import { anonymous } from "../contract/index.ts";
import type { Caller, ResourceGrant } from "../contract/index.ts";
import { can, covers, mayGive, meets } from "./index.ts";
import type { Action } from "./index.ts";

const ROUNDS = 3_000;
const WORDS = ["notes", "rooms", "keys"];
const VERBS = ["read", "write", "*"];
const RESOURCES = ["room:1", "room:2", "room:*", "file:1", "file:*", "*"];

/** Numbers that look made at random and are the same at every run (mulberry32). */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) % sides;
  };
}

type Roll = ReturnType<typeof dice>;

function pick<TItem>(items: readonly TItem[], roll: Roll): TItem {
  const item = items[roll(items.length)];
  if (item === undefined) throw new TypeError("nothing to pick");
  return item;
}

function permission(roll: Roll): string {
  return roll(8) === 0 ? "*" : `${pick(WORDS, roll)}:${pick(VERBS, roll)}`;
}

function grant(roll: Roll): ResourceGrant {
  const effect = roll(2) === 0 ? "allow" : "deny";
  return { resource: pick(RESOURCES, roll), permission: permission(roll), effect };
}

function listOf<TItem>(make: (roll: Roll) => TItem, roll: Roll): readonly TItem[] {
  return Array.from({ length: roll(4) }, () => make(roll));
}

function someone(roll: Roll): Caller {
  return {
    ...anonymous,
    kind: "user",
    subject: "user_1",
    permissions: listOf(permission, roll),
    instancePermissions: listOf(permission, roll),
    grants: listOf(grant, roll),
  };
}

function something(roll: Roll): Action {
  const resource = roll(3) === 0 ? undefined : pick(["room:1", "room:2", "file:1"], roll);
  return {
    permission: `${pick(WORDS, roll)}:${pick(["read", "write"], roll)}`,
    scope: roll(4) === 0 ? "instance" : "organization",
    resource,
  };
}

/** Many made-up cases; what failed is told with its number, by which it can be made again. */
function everyRound(check: (caller: Caller, action: Action, roll: Roll) => void): void {
  for (let round = 0; round < ROUNDS; round += 1) {
    const roll = dice(round);
    const caller = someone(roll);
    try {
      check(caller, something(roll), roll);
    } catch (error) {
      throw new Error(`round ${round}: ${JSON.stringify(caller)}`, { cause: error });
    }
  }
}

const ONE: Action = { permission: "notes:write", scope: "organization", resource: "room:1" };

function holder(permissions: readonly string[], grants: readonly ResourceGrant[]): Caller {
  return { ...anonymous, kind: "user", permissions, grants };
}

function deny(resource: string, denied = "notes:write"): ResourceGrant {
  return { resource, permission: denied, effect: "deny" };
}

function allow(resource: string, allowed = "notes:write"): ResourceGrant {
  return { resource, permission: allowed, effect: "allow" };
}

describe("can", () => {
  it("lets a denial win over everything that is held", () => {
    for (const held of [["*"], ["notes:*"], ["notes:write"]]) {
      for (const denial of [deny("room:1"), deny("room:*"), deny("*"), deny("room:1", "*")]) {
        const caller = holder(held, [allow("room:1"), denial]);
        expect(can(caller, ONE)).toMatchObject({
          allowed: false,
          reason: expect.stringContaining("is denied") as unknown,
        });
      }
    }
    let denials = 0;
    everyRound((caller, action) => {
      const isDenied =
        action.scope === "organization" &&
        (caller.grants ?? []).some((each) => each.effect === "deny" && meets(each, action));
      expect(isDenied && can(caller, action).allowed).toBe(false);
      denials += isDenied ? 1 : 0;
    });
    expect(denials).toBeGreaterThan(ROUNDS / 20);
  });

  it("is monotone: more that is held never takes anything, and a further denial never gives", () => {
    let changed = 0;
    everyRound((caller, action, roll) => {
      const before = can(caller, action).allowed;
      const more = { ...caller, permissions: [...caller.permissions, permission(roll)] };
      const given = {
        ...caller,
        grants: [...(caller.grants ?? []), allow(pick(RESOURCES, roll), permission(roll))],
      };
      const denied = {
        ...caller,
        grants: [...(caller.grants ?? []), deny(pick(RESOURCES, roll), permission(roll))],
      };
      const isKept = can(more, action).allowed && can(given, action).allowed;
      expect(before && !isKept).toBe(false);
      expect(!before && can(denied, action).allowed).toBe(false);
      changed += can(more, action).allowed === before ? 0 : 1;
    });
    expect(changed).toBeGreaterThan(ROUNDS / 50);
  });

  it("never crosses scopes: what is held in an organization is nothing over the installation, nor the other way round", () => {
    everyRound((caller, action) => {
      const other =
        action.scope === "instance"
          ? { ...caller, permissions: ["*"], grants: [allow("*", "*")] }
          : { ...caller, instancePermissions: ["*"] };
      expect(can(other, action).allowed).toBe(can(caller, action).allowed);
    });
    const powerful = { ...holder([], [deny("*", "*")]), instancePermissions: ["*"] };
    expect(can(powerful, { permission: "server:write", scope: "instance" }).allowed).toBe(true);
  });

  it("is pure: the same question twice has the same answer, and changes nobody", () => {
    everyRound((caller, action) => {
      const text = JSON.stringify([caller, action]);
      expect(can(caller, action)).toEqual(can(caller, action));
      expect(JSON.stringify([caller, action])).toBe(text);
    });
  });

  it.each([
    ["room:1", "room:1", true],
    ["room:1", "room:2", false],
    ["room:1", "room:12", false],
    ["room:*", "room:2", true],
    ["room:*", "rooms:2", false],
    ["room:*", "room:", false],
    ["room:*", undefined, false],
    ["room:1", undefined, false],
    ["*", "file:9", true],
    ["*", undefined, true],
  ])("a grant over %s is one over %s: %s", (over, resource, expected) => {
    const question = { permission: "notes:write", scope: "organization", resource } as const;
    expect(can(holder([], [allow(over)]), question).allowed).toBe(expected);
    expect(covers(allow(over), question)).toBe(expected);
  });

  it("takes a denial over one room as one over a question about all rooms", () => {
    const caller = holder(["*"], [deny("room:1")]);
    expect(can(caller, { ...ONE, resource: "room:*" }).allowed).toBe(false);
    expect(can(caller, { ...ONE, resource: "room:2" }).allowed).toBe(true);
    expect(can(caller, { ...ONE, resource: undefined }).allowed).toBe(true);
  });

  it("holds nothing that nobody declares", () => {
    expect(can(holder(["*"], [allow("*", "*")]), { ...ONE, scope: undefined }).allowed).toBe(false);
  });
});

describe("mayGive", () => {
  it("gives nothing that is lacking, and nothing of which anything is denied", () => {
    expect(mayGive(holder(["notes:*"], []), "notes:write")).toBe(true);
    expect(mayGive(holder(["notes:write"], []), "notes:*")).toBe(false);
    expect(mayGive(holder(["notes:write"], []), "*")).toBe(false);
    expect(mayGive(holder(["*"], [deny("room:1")]), "notes:*")).toBe(false);
    expect(mayGive(holder(["*"], [deny("room:1")]), "notes:write", "room:2")).toBe(true);
    expect(mayGive(holder(["*"], [deny("room:1")]), "notes:write", "room:*")).toBe(false);
    expect(mayGive(holder([], [allow("room:1")]), "notes:write", "room:1")).toBe(true);
    expect(mayGive(holder([], [allow("room:1")]), "notes:write")).toBe(false);
    expect(mayGive(holder([], [allow("room:1")]), "notes:write", "room:*")).toBe(false);
  });

  it("makes nobody who may more than its giver", () => {
    let gifts = 0;
    everyRound((caller, action, roll) => {
      const gift = permission(roll);
      if (action.scope !== "organization" || !mayGive(caller, gift)) return;
      gifts += 1;
      const given = holder([gift], []);
      expect(can(given, action).allowed && !can(caller, action).allowed).toBe(false);
    });
    expect(gifts).toBeGreaterThan(ROUNDS / 50);
  });
});
