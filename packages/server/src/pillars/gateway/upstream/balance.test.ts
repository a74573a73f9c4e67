import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pick } from "./balance.ts";
import type { Choice } from "./balance.ts";

interface Named extends Choice {
  readonly name: string;
  inFlight: number;
}

const target = (name: string, weight = 1): Named => ({ name, weight, inFlight: 0, credit: 0 });
const turns = (count: number, next: () => Named | undefined): string =>
  Array.from({ length: count }, () => next()?.name).join("");

describe("the choice of a target", () => {
  it("goes round, whatever the weights, when it is round robin", () => {
    const all = [target("a", 9), target("b"), target("c")];
    expect(turns(7, () => pick("roundRobin", all))).toBe("abcabca");
  });

  it("gives each its weight, spread and not in bursts", () => {
    const all = [target("a", 5), target("b"), target("c")];
    expect(turns(7, () => pick("weighted", all))).toBe("aabacaa");
  });

  it("gives each exactly its weight over a whole turn", () => {
    const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(weights, (given) => {
        const all = given.map((weight, index) => target(String(index), weight));
        const total = given.reduce((sum, weight) => sum + weight, 0);
        const counts = new Map<string, number>();
        for (let turn = 0; turn < total; turn += 1) {
          const name = pick("weighted", all)?.name ?? "";
          counts.set(name, (counts.get(name) ?? 0) + 1);
        }
        expect(all.map(({ name }) => counts.get(name))).toStrictEqual(given);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("goes to the fewest calls under way for its weight; equals take turns", () => {
    const all = [target("a"), target("b"), target("c", 2)];
    expect(
      turns(8, () => {
        const chosen = pick("leastConnections", all);
        if (chosen !== undefined) chosen.inFlight += 1;
        return chosen;
      })
        .split("")
        .toSorted()
        .join(""),
    ).toBe("aabbcccc");
    const [a, , c] = all;
    if (a !== undefined) a.inFlight = 0;
    expect(pick("leastConnections", all)).toBe(a);
    if (c !== undefined) c.inFlight = 0;
    const three = [1, 2, 3].map(() => pick("leastConnections", all));
    expect(new Set(three)).toStrictEqual(new Set([c, a]));
  });

  it("is none among none", () => {
    expect(pick("roundRobin", [])).toBeUndefined();
    expect(pick("leastConnections", [])).toBeUndefined();
  });
});
