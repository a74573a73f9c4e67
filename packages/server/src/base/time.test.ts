import { expect, test } from "vitest";
import { parseDuration, parseRate, toRfc3339 } from "./index.ts";

test.each([
  ["250ms", 250],
  ["30s", 30_000],
  ["5m", 300_000],
  ["12h", 43_200_000],
  ["7d", 604_800_000],
])("%s is %i ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(["", "5", "5 m", "-5m", "1.5h", "5w"])("%j is no duration", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test("a rate names its window; zero is no rate", () => {
  expect(parseRate("60/min")).toEqual({ limit: 60, windowMs: 60_000 });
  expect(parseRate("5000/d")).toEqual({ limit: 5_000, windowMs: 86_400_000 });
  expect(parseRate("0/s")).toBeUndefined();
  expect(parseRate("60/minute")).toBeUndefined();
});

test("times leave with three decimals and Z", () => {
  expect(toRfc3339(0)).toBe("1970-01-01T00:00:00.000Z");
});
