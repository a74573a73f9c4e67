import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import { isNotModified, mergedFields, namesTag } from "./conditional.ts";
import { parseHttpDate, toHttpDate } from "./http-date.ts";
import { judge } from "./judge.ts";
import { variantOf, variesBy } from "./policy.ts";
import { rangeOf } from "./range.ts";
import { cachePolicy } from "./settings.ts";

const NOW = Date.UTC(2026, 0, 1);

describe("an HTTP-date", () => {
  test.each([
    ["Sun, 06 Nov 1994 08:49:37 GMT", Date.UTC(1994, 10, 6, 8, 49, 37)],
    ["Sunday, 06-Nov-94 08:49:37 GMT", Date.UTC(1994, 10, 6, 8, 49, 37)],
    ["Sun Nov  6 08:49:37 1994", Date.UTC(1994, 10, 6, 8, 49, 37)],
    ["Thursday, 01-Jan-76 00:00:00 GMT", Date.UTC(2076, 0, 1)],
    ["Saturday, 01-Jan-77 00:00:00 GMT", Date.UTC(1977, 0, 1)],
    ["0", undefined],
    ["Sun, 06 Nov 1994 08:49:37", undefined],
    ["Sun, 06 Nov 1994 08:49:37 EST", undefined],
    ["Sun, 31 Feb 1994 08:49:37 GMT", undefined],
    ["Sun, 06 Nov 1994 24:00:00 GMT", undefined],
    ["2026-01-01T00:00:00Z", undefined],
  ])("%s", (text, expected) => {
    expect(parseHttpDate(text, NOW)).toBe(expected);
  });

  test("is read as it was written", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_799 }), (seconds) => {
        expect(parseHttpDate(toHttpDate(seconds * 1_000), NOW)).toBe(seconds * 1_000);
      }),
    );
  });
});

describe("a part of a stored body", () => {
  const validators = { etag: '"a"', lastModified: "x", dateMs: 0 };

  test("is where it lies, for any range and length", () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(60), fc.nat(60), (length, first, last) => {
        const range = rangeOf({ range: `bytes=${first}-${last}` }, length, validators);
        const part = { start: first, end: Math.min(last, length - 1) };
        const expected = first >= length ? "unsatisfiable" : part;
        expect(range).toEqual(last < first ? undefined : expected);
      }),
    );
  });

  test.each([
    ["bytes=-0", "unsatisfiable"],
    ["bytes=-100", { start: 0, end: 9 }],
    ["bytes=9-", { start: 9, end: 9 }],
    ["bytes=0-1,3-4", undefined],
    ["bytes=-", undefined],
    ["items=0-1", undefined],
    ["bytes=0-1;x", undefined],
  ])("%s", (range, expected) => {
    expect(rangeOf({ range }, 10, validators)).toEqual(expected);
  });

  test.each([
    ['"a"', { start: 0, end: 1 }],
    ['W/"a"', undefined],
    ['"b"', undefined],
    ["x", { start: 0, end: 1 }],
    ["y", undefined],
  ])("with If-Range: %s", (ifRange, expected) => {
    expect(rangeOf({ range: "bytes=0-1", "if-range": ifRange }, 10, validators)).toEqual(expected);
  });
});

describe("conditions", () => {
  test.each([
    ['"a"', '"a"', true],
    ['W/"a"', '"a"', true],
    ['"x", W/"a"', 'W/"a"', true],
    ['"a,b"', '"a,b"', true],
    ['"a,b"', '"a"', false],
    ["*", '"a"', true],
    ["a", "a", true],
    ['"A"', '"a"', false],
    ["", '"a"', false],
  ])("%s names %s: %s", (list, tag, expected) => {
    expect(namesTag(list, tag)).toBe(expected);
  });

  test("a tag that is not there is not the same, a date falls back to that of the reply", () => {
    const entry = { etag: undefined, lastModified: undefined, dateMs: NOW };
    expect(isNotModified({ "if-none-match": '"a"' }, entry, NOW)).toBe(false);
    expect(isNotModified({ "if-modified-since": toHttpDate(NOW) }, entry, NOW)).toBe(true);
    expect(isNotModified({ "if-modified-since": toHttpDate(NOW - 1_000) }, entry, NOW)).toBe(false);
    expect(isNotModified({ "if-modified-since": "0" }, entry, NOW)).toBe(false);
  });

  test("a 304 replaces what it names, and never what the stored bytes are", () => {
    const stored = ["A", "1", "a", "2", "B", "3", "Content-Length", "5", "ETag", '"x"', "Age", "9"];
    const update = ["a", "4", "content-length", "0", "etag", '"y"', "Content-Encoding", "gzip"];
    expect(mergedFields(stored, update)).toEqual([
      "B",
      "3",
      "Content-Length",
      "5",
      "ETag",
      '"x"',
      "a",
      "4",
    ]);
  });
});

describe("what a reply varies by", () => {
  test.each([
    [undefined, [], []],
    ["Accept, ACCEPT ,b", [], ["accept", "b"]],
    ["Accept", ["x"], ["accept", "x"]],
    ["*", [], undefined],
    ["accept,*", [], undefined],
    ["Forwarded", [], undefined],
    ["Host, X-Forwarded-Proto", [], []],
  ])("%s and %j", (vary, fixed, expected) => {
    expect(variesBy(vary, fixed)).toEqual(expected);
  });

  test("is the same for the same list in other lines and spaces, and another for any other", () => {
    const of = (...lines: string[]): string =>
      variantOf(
        ["x"],
        lines.flatMap((line) => ["X", line]),
      );
    expect(of("1, 2")).toBe(of(" 1", "2 "));
    expect(of("1,2")).not.toBe(of("2,1"));
    expect(of("")).not.toBe(of());
    expect(of("a b")).not.toBe(of("ab"));
    const language = (value: string): string =>
      variantOf(["accept-language"], ["Accept-Language", value]);
    expect(language("en, de;q=0.5")).toBe(language("DE; q=0.5,EN"));
  });

  test("cannot be forged: values of one field never read as those of two", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "=", "-", ",", " "), maxLength: 4 });
    const value = fc.option(word, { nil: undefined });
    fc.assert(
      fc.property(value, value, value, value, (a, b, c, d) => {
        const of = (x?: string, y?: string): string =>
          variantOf(
            ["x", "y"],
            [...(x === undefined ? [] : ["x", x]), ...(y === undefined ? [] : ["y", y])],
          );
        const plain = (each?: string): string | undefined =>
          each?.trim().replaceAll(/\s*,\s*/g, ",");
        const isSame = plain(a) === plain(c) && plain(b) === plain(d);
        expect(of(a, b) === of(c, d)).toBe(isSame);
      }),
    );
  });
});

describe("how long a reply is fresh", () => {
  const context = (
    settings: Exclude<Parameters<typeof cachePolicy>[0], undefined | boolean> = {},
  ) => {
    const policy = cachePolicy(settings);
    if (policy === undefined) throw new Error("there is a policy");
    return { policy, hasCredential: false, nowMs: NOW, delayMs: 0 };
  };
  const at = (deltaMs: number): string => toHttpDate(NOW + deltaMs);
  const lifetime = (
    headers: readonly string[],
    settings?: Parameters<typeof context>[0],
  ): unknown => {
    const terms = judge({ status: 200, headers: ["ETag", '"a"', ...headers] }, context(settings));
    return typeof terms === "string" ? terms : terms.lifetimeMs;
  };

  test("is told by s-maxage, then max-age, then Expires, then the settings, then the heuristic", () => {
    const all = [
      "Cache-Control",
      "s-maxage=1, max-age=2",
      "Expires",
      at(3_000),
      "Last-Modified",
      at(-100_000),
    ];
    const settings = { ttlMs: 4_000, heuristicPercent: 10 };
    expect(lifetime(all, settings)).toBe(1_000);
    expect(lifetime(["Cache-Control", "max-age=2", ...all.slice(2)], settings)).toBe(2_000);
    expect(lifetime(all.slice(2), settings)).toBe(3_000);
    expect(lifetime(all.slice(4), settings)).toBe(4_000);
    expect(lifetime(all.slice(4), { heuristicPercent: 10 })).toBe(10_000);
    expect(lifetime(all.slice(4))).toBe(0);
    expect(lifetime(["Last-Modified", at(-1e12)], { heuristicPercent: 100 })).toBe(86_400_000);
  });

  test("is told by a field for caches such as ours before all others", () => {
    expect(lifetime(["CDN-Cache-Control", "max-age=5", "Cache-Control", "no-store"])).toBe(5_000);
    expect(lifetime(["CDN-Cache-Control", "no-store", "Cache-Control", "max-age=5"])).toBe(
      "says no-store",
    );
    expect(lifetime(["CDN-Cache-Control", "no-cache", "Expires", at(9_000)])).toBe(0);
    expect(lifetime(["CDN-Cache-Control", "", "Cache-Control", "max-age=5"])).toBe(5_000);
    expect(lifetime(["Surrogate-Control", "max-age=7", "Cache-Control", "max-age=5"])).toBe(7_000);
    expect(lifetime(["Surrogate-Control", "max-age=7;other", "Cache-Control", "max-age=5"])).toBe(
      5_000,
    );
  });

  test("begins at its birth: by Age, by Date, by the time it took", () => {
    const age = (headers: readonly string[], delayMs: number): unknown => {
      const reply = { status: 200, headers: ["Cache-Control", "max-age=600", ...headers] };
      const terms = judge(reply, { ...context(), delayMs });
      return typeof terms === "string" ? terms : terms.initialAgeMs;
    };
    expect(age([], 0)).toBe(0);
    expect(age(["Age", "5"], 2_000)).toBe(7_000);
    expect(age(["Date", at(-9_000), "Age", "5"], 2_000)).toBe(9_000);
    expect(age(["Date", at(9_000)], 0)).toBe(0);
    expect(age(["Date", "yesterday"], 0)).toBe(0);
  });

  test("ends at once for a date or an age that cannot be read", () => {
    expect(lifetime(["Expires", "0"], { ttlMs: 5_000 })).toBe(0);
    expect(lifetime(["Cache-Control", "max-age=60", "Age", "1, 1"])).toBe(0);
  });

  test("statuses that nobody knows are kept when they say so, and not when they must be understood", () => {
    const of = (status: number, control: string, settings = {}): unknown =>
      typeof judge({ status, headers: ["Cache-Control", control] }, context(settings));
    expect(of(299, "max-age=60")).toBe("object");
    expect(of(299, "max-age=60, no-store, must-understand")).toBe("string");
    expect(of(200, "max-age=60, no-store, must-understand")).toBe("object");
    expect(of(404, "max-age=60", { statuses: [200] })).toBe("string");
  });
});
