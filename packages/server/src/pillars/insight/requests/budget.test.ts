import { expect, it } from "vitest";
import { answered } from "./answered.fixture.ts";
import { Budget } from "./budget.ts";

const settings = {
  rowsPerSecond: 2,
  sampleOneIn: 10,
  slowMs: 1_000,
  troublesPerSubject: 3,
};
const request = answered;

function spent(): Budget {
  const budget = new Budget(settings);
  budget.keep(request());
  budget.keep(request());
  return budget;
}

it("keeps every request within the budget, and begins anew each second", () => {
  const budget = spent();
  expect(budget.keep(request())).toBeUndefined();
  expect(budget.keep(request({ at: 6_000 }))).toBe("all");
});

it("keeps one in ten of the ordinary ones beyond the budget", () => {
  const budget = spent();
  const kept = Array.from({ length: 100 }, () => budget.keep(request()));
  expect(kept.filter((each) => each === "sample")).toHaveLength(10);
  expect(kept.filter((each) => each === undefined)).toHaveLength(90);
});

it("keeps refusals beyond the budget, but no more of one caller than is useful", () => {
  const budget = spent();
  const kept = Array.from({ length: 9 }, () => budget.keep(request({ status: 429 })));
  expect(kept.filter((each) => each === "trouble")).toHaveLength(3);
  expect(budget.keep(request({ status: 500, subject: "key_2" }))).toBe("trouble");
});

it("keeps slow ones beyond the budget", () => {
  expect(spent().keep(request({ durationMs: 1_000 }))).toBe("slow");
});
