import { expect, test } from "vitest";
import { ORGANIZATIONS_MAX, Turns } from "./turns.ts";

/** Claims one slot at a time while every organization always has something ready. */
function served(organizations: readonly string[], claims: number): Map<string, number> {
  const turns = new Turns();
  const counts = new Map<string, number>();
  for (let claim = 0; claim < claims; claim += 1) {
    const listed = organizations.filter((each) => each > turns.after).slice(0, ORGANIZATIONS_MAX);
    for (const { organization, limit } of turns.share(listed, [], 1)) {
      counts.set(organization, (counts.get(organization) ?? 0) + limit);
    }
  }
  return counts;
}

test("slots are shared out evenly, to the last of them", () => {
  const shares = new Turns().share(["a", "b", "c"], [], 8);
  expect(shares).toEqual([
    { organization: "a", limit: 3 },
    { organization: "b", limit: 3 },
    { organization: "c", limit: 2 },
  ]);
});

test("one slot at a time goes round, by whatever number of organizations", () => {
  for (const count of [1, 2, 3, ORGANIZATIONS_MAX, 200]) {
    const organizations = Array.from(
      { length: count },
      (_, index) => `o${String(index).padStart(3, "0")}`,
    );
    const counts = [...served(organizations, count * 6).values()];
    expect(counts).toHaveLength(count);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  }
});

test("an organization that is not listed yet gets what its slot allows", () => {
  const turns = new Turns();
  expect(turns.share([], ["b"], 5)).toEqual([{ organization: "b", limit: 5 }]);
  expect(turns.share(["a"], ["a", "b"], 1)).toEqual([{ organization: "a", limit: 1 }]);
});
