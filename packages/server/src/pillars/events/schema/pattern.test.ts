import fc from "fast-check";
import { expect, test } from "vitest";
import { makePattern, OutOfBudget } from "./pattern.ts";

function matches(source: string, text: string, left = 1_000_000): boolean {
  const pattern = makePattern(source);
  if (typeof pattern === "string") throw new TypeError(pattern);
  return pattern.test(text, { left });
}

const CHARACTERS = Array.from("abcdfoxyAé-.]/1234567890 \n_😀É");
const SOURCES = [
  "^[a-z]+$",
  "a|b|",
  "^(?:ab?c*){2,3}$",
  "(?<year>\\d{4})-\\d\\d",
  "^\\p{Lu}\\w*$",
  "\\bfoo\\B",
  "^[^\\]a]+b",
  "^.$",
  "x{0}y{2,}",
  "^(a*)*$",
  "^\\u{1F600}+$",
  "\\.|-|\\/",
  "^$",
  "(?:a|ab)(?:c|bcd)(?:d*)$",
  "é+|[à-ü]",
];

test.each(SOURCES)("/%s/u matches what JavaScript's own engine matches", (source) => {
  const text = fc.string({ unit: fc.constantFrom(...CHARACTERS) });
  fc.assert(
    fc.property(text, (value) => matches(source, value) === new RegExp(source, "u").test(value)),
  );
});

test.each([
  ["^(a+)+$", "a".repeat(50_000) + "!"],
  ["(x+x+)+y", "x".repeat(50_000)],
  ["^(([a-z])+.)+[A-Z]([a-z])+$", "a".repeat(50_000)],
  ["\\s+$", `${" ".repeat(50_000)}x`],
])("/%s/ takes steps in proportion to the text, not to its powers", (source, text) => {
  expect(matches(source, text, 2_000_000)).toBe(false);
});

test("a search stops when its budget is spent", () => {
  expect(() => matches("^(a+)+$", "a".repeat(10_000), 500)).toThrow(OutOfBudget);
});

test.each([
  ["(a)\\1", /refers to a group/],
  ["(?=a)", /looks ahead/],
  ["(?<!a)b", /looks ahead or behind/],
  ["[", /not a regular expression/],
  ["a{1000}{1000}", /not a regular expression/],
  ["(?:a{100}){100}", /more than 1000 states/],
  ["(?:(?:a{1,50}){1,50}){1,50}", /more than 1000 states/],
  ["a{999999999}", /more than 1000 states/],
  ["a".repeat(513), /longer than 512/],
  ["(".repeat(40) + ")".repeat(40), /nested deeper/],
])("/%s/ is refused with its reason", (source, reason) => {
  expect(makePattern(source)).toMatch(reason);
});
