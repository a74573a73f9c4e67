import { Buffer } from "node:buffer";
import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, parseJson } from "./json.ts";

function refusalOf(input: string | Uint8Array): string {
  const parsed = parseJson(input);
  return parsed.ok ? "taken" : parsed.reason.refusal;
}

test.each([
  [`{"a":1,"a":1}`, "duplicateKey"],
  [`{"a":{"b":1},"c":{"b":1,"b":2}}`, "duplicateKey"],
  [String.raw`{"a":1,"\u0061":2}`, "duplicateKey"],
  [`{${Array.from({ length: 20 }, (_, i) => `"k${i}":1`).join(",")},"k3":2}`, "duplicateKey"],
  [`{"__proto__":1}`, "forbiddenKey"],
  [String.raw`{"__pr\u006fto__":1}`, "forbiddenKey"],
  [`{"a":[{"__proto__" \n\t: 1}]}`, "forbiddenKey"],
  [`{"constructor":{"prototype":1}}`, "forbiddenKey"],
  [`"\\u0000"`, "badText"],
  [`{"\\u0000":1}`, "badText"],
  [`"\\ud83d"`, "badText"],
  [`"\uD83D"`, "badText"],
  [`9007199254740992`, "bigNumber"],
  [`[-9007199254740993]`, "bigNumber"],
  [`1e400`, "bigNumber"],
  [`\uFEFF{}`, "encoding"],
  [`{"a"`, "malformed"],
  [`"a`, "malformed"],
  [`"a\\"`, "malformed"],
  [`"\\x"`, "malformed"],
  [`"tab\there"`, "malformed"],
  [`01`, "malformed"],
  [`1.`, "malformed"],
  [`]`, "malformed"],
  [``, "malformed"],
  [`NaN`, "malformed"],
  [`{"a":1}}`, "malformed"],
])("%j is refused: %s", (text, refusal) => {
  expect(refusalOf(text)).toBe(refusal);
});

test.each([
  `{"a":"__proto__","constructor":1,"prototype":2}`,
  `{"a":{"x":1},"b":{"x":1}}`,
  `[{"x":1},{"x":1}]`,
  `"\\ud83d\\ude00 😀 \\u0001"`,
  `{"a\\"b":"c\\\\"}`,
  `9007199254740991`,
  `-0.1e-7`,
  ` \r\n\t[ ] `,
  `{"":""}`,
])("%j is taken as JSON.parse reads it", (text) => {
  expect(parseJson(text)).toEqual({ ok: true, value: JSON.parse(text) });
});

test("64 levels are taken and 65 are not, whatever the text behind them", () => {
  const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
  expect(refusalOf(nested(64))).toBe("taken");
  expect(refusalOf(nested(65))).toBe("tooDeep");
  expect(refusalOf(nested(1_000_000))).toBe("tooDeep");
});

test.each([
  [Uint8Array.of(0x22, 0xc3, 0x28, 0x22)],
  [Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)],
  [Uint8Array.of(0x22, 0xc0, 0x80, 0x22)],
  [Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d)],
])("the bytes %j are not the UTF-8 that JSON is written in", (bytes) => {
  expect(refusalOf(bytes)).toBe("encoding");
});

test("numbers that JavaScript cannot hold pass where the bytes are kept", () => {
  expect(parseJson(`{"a":12345678901234567890}`, { allowBigNumbers: true }).ok).toBe(true);
});

test("whatever JSON.stringify writes is read back alike, from text and from bytes", () => {
  const value = fc.jsonValue({ maxDepth: 8, stringUnit: "binary" });
  fc.assert(
    fc.property(value, (original) => {
      const text = JSON.stringify(original);
      const isPlain = !/\\u0000|__proto__|\\ud[89a-f]|\d{16}/i.test(text);
      fc.pre(isPlain);
      const expected: unknown = JSON.parse(text);
      expect(parseJson(text)).toEqual({ ok: true, value: expected });
      expect(parseJson(Buffer.from(text))).toEqual({ ok: true, value: expected });
    }),
  );
});

test("nothing that a stranger writes makes it throw, and it takes nothing that JSON.parse refuses", () => {
  const alphabet = [..."{}[],: 01-eu".split(""), '"', "\\", "__proto__", "\uD83D", "\0"];
  const text = fc.array(fc.constantFrom(...alphabet), { maxLength: 40 }).map((all) => all.join(""));
  fc.assert(
    fc.property(text, (input) => {
      const parsed = parseJson(input);
      expect(parsed.ok ? parsed.value : "refused").toEqual(
        parsed.ok ? JSON.parse(input) : "refused",
      );
    }),
    { numRuns: 2_000 },
  );
});

test("the canonical form does not depend on the order of keys", () => {
  expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: undefined, aa: null })).toBe(
    `{"aa":null,"b":[{"c":2,"d":1}]}`,
  );
});
