import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import { replyDirectives, requestDirectives } from "./directives.ts";

describe("a reply's directives", () => {
  test.each([
    ["max-age=60", { maxAgeMs: 60_000 }],
    ["MaX-aGe=060", { maxAgeMs: 60_000 }],
    ['max-age="60"', { maxAgeMs: 60_000 }],
    ["foo, max-age=60,bar=baz", { maxAgeMs: 60_000 }],
    ["max-age=60, max-age=10", { maxAgeMs: 10_000 }],
    ["max-age='60'", { maxAgeMs: 0 }],
    ["max-age=-1", { maxAgeMs: 0 }],
    ["max-age=1.5", { maxAgeMs: 0 }],
    ["max-age", { maxAgeMs: 0 }],
    ["max-age=99999999999", { maxAgeMs: 2_147_483_648_000 }],
    ['ext="max-age=3600", max-age=1', { maxAgeMs: 1_000 }],
    ['ext="a\\", max-age=3600", no-store', { maxAgeMs: undefined, noStore: true }],
    ["no-cache", { noCache: true, omitted: [] }],
    [
      'no-cache="A, b", private="c"',
      { noCache: false, isPrivate: false, omitted: ["a", "b", "c"] },
    ],
    [
      "s-maxage=1, stale-while-revalidate=2, stale-if-error=3",
      { sMaxAgeMs: 1_000, staleWhileRevalidateMs: 2_000, staleIfErrorMs: 3_000 },
    ],
    [
      "public;x, must-understand , immutable",
      { isPublic: true, mustUnderstand: true, immutable: true },
    ],
  ])("%s", (field, expected) => {
    expect(replyDirectives(field)).toMatchObject(expected);
  });

  test("for another surrogate are not ours", () => {
    const isForUs = (rest: string): boolean => rest === "";
    expect(replyDirectives("max-age=60;other, no-store;other", isForUs)).toMatchObject({
      maxAgeMs: undefined,
      noStore: false,
    });
  });

  test("are read from any text in time that grows with it, and never throw", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 2_000 }), (field) => {
        const { maxAgeMs } = replyDirectives(field);
        return maxAgeMs === undefined || maxAgeMs >= 0;
      }),
    );
    for (const text of [
      '"'.repeat(50_000),
      'a="'.repeat(20_000),
      ",=;".repeat(20_000),
      "a".repeat(100_000),
    ]) {
      expect(replyDirectives(text).noStore).toBe(false);
    }
  });
});

describe("a request's directives", () => {
  test.each([
    [undefined, undefined, { noCache: false }],
    [undefined, "no-cache", { noCache: true }],
    ["foo", "no-cache", { noCache: false }],
    ["max-age=0, max-stale", undefined, { maxAgeMs: 0, maxStaleMs: Number.POSITIVE_INFINITY }],
    ["max-stale=5, min-fresh=x", undefined, { maxStaleMs: 5_000, minFreshMs: undefined }],
    [
      "only-if-cached, no-store, no-transform",
      undefined,
      { onlyIfCached: true, noStore: true, noTransform: true },
    ],
  ])("%s, Pragma %s", (field, pragma, expected) => {
    expect(requestDirectives(field, pragma)).toMatchObject(expected);
  });
});
