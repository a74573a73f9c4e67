import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compileFilter,
  explainFilter,
  FILTER_BOUNDS,
  filterMistakes,
  subjectOf,
} from "./filter.ts";
import type { Filter } from "./filter.ts";

function subject(data: string, contentType = "application/json") {
  return subjectOf({
    type: "invoice.paid",
    subject: "inv_1",
    data: Buffer.from(data),
    contentType,
  });
}

function holds(filter: object, data = "{}"): boolean {
  expect(filterMistakes(filter)).toEqual([]);
  return compileFilter(filter as Filter)(subject(data));
}

describe("a filter", () => {
  it.each([
    [{ path: "type", eq: "invoice.paid" }, "{}", true],
    [{ path: "subject", prefix: "inv_" }, "{}", true],
    [{ path: "data.n", eq: 1 }, '{"n":1.0}', true],
    [{ path: "data.n", eq: "1" }, '{"n":1}', false],
    [{ path: "data.n", eq: null }, '{"n":null}', true],
    [{ path: "data.n", eq: null }, "{}", false],
    [{ path: "data.n", ne: 1 }, "{}", true],
    [{ path: "data.n", ne: 1 }, '{"n":1}', false],
    [{ path: "data.n", gt: 1 }, '{"n":1}', false],
    [{ path: "data.n", gte: 1 }, '{"n":1}', true],
    [{ path: "data.n", lt: 1 }, '{"n":0.5}', true],
    [{ path: "data.n", lte: 1 }, '{"n":"0"}', false],
    [{ path: "data.n", gt: 1 }, '{"n":[2]}', false],
    [{ path: "data.at", gt: "2026-01-01T00:00:00Z" }, '{"at":"2026-01-02T00:00:00Z"}', true],
    [{ path: "data.s", in: ["a", 1, null] }, '{"s":"a"}', true],
    [{ path: "data.s", in: ["a", 1, null] }, "{}", false],
    [{ path: "data.s", in: [] }, '{"s":"a"}', false],
    [{ path: "data.s", exists: true }, '{"s":null}', true],
    [{ path: "data.s", exists: false }, '{"s":null}', false],
    [{ path: "data.s", exists: false }, "{}", true],
    [{ path: "data.s", prefix: "ab" }, '{"s":"abc"}', true],
    [{ path: "data.s", prefix: "" }, '{"s":1}', false],
    [{ path: "data.a.b.0.c", eq: true }, '{"a":{"b":[{"c":true}]}}', true],
    [{ path: "data.a.länge", eq: 3 }, '{"a":{"länge":3}}', true],
    [{ not: { path: "data.n", eq: 1 } }, '{"n":2}', true],
    [
      {
        and: [
          { path: "data.n", gt: 0 },
          { path: "data.n", lt: 2 },
        ],
      },
      '{"n":1}',
      true,
    ],
    [
      {
        or: [
          { path: "data.n", lt: 0 },
          { path: "data.n", gt: 2 },
        ],
      },
      '{"n":1}',
      false,
    ],
  ])("%j of %s: %s", (filter, data, expected) => {
    expect(holds(filter, data)).toBe(expected);
  });

  it.each(["constructor", "__proto__", "toString", "length"])(
    "finds no member %s that the data has not itself",
    (name) => {
      expect(holds({ path: `data.${name}`, exists: true }, '{"a":[]}')).toBe(false);
      expect(holds({ path: `data.a.${name}.x`, exists: true }, '{"a":"text"}')).toBe(false);
    },
  );

  it("finds no data in what is not JSON, and says nothing of it", () => {
    const judge = compileFilter({ path: "data", exists: true });
    expect(judge(subject("\u0000\u0001", "application/octet-stream"))).toBe(false);
    expect(judge(subject('{"a":', "application/json"))).toBe(false);
  });

  it("parses data when the first comparison asks for it, and once for all filters", () => {
    const parse = JSON.parse;
    let parsed = 0;
    JSON.parse = (...given: Parameters<typeof parse>): unknown => {
      parsed += 1;
      return parse(...given);
    };
    try {
      const event = subject('{"n":1}');
      compileFilter({ path: "type", eq: "x" })(event);
      expect(parsed).toBe(0);
      for (let count = 0; count < 3; count += 1) compileFilter({ path: "data.n", eq: 1 })(event);
      expect(parsed).toBe(1);
    } finally {
      JSON.parse = parse;
    }
  });

  it("tells of each comparison whether it holds and what it found", () => {
    const filter: Filter = {
      and: [{ path: "data.n", gt: 1 }, { not: { path: "type", eq: "invoice.paid" } }],
    };
    expect(explainFilter(filter, subject('{"n":1}'))).toEqual([
      { pointer: "/and/0", path: "data.n", holds: false, found: 1 },
      { pointer: "/and/1/not", path: "type", holds: true, found: "invoice.paid" },
    ]);
  });
});

describe("what is no filter", () => {
  const nested = (levels: number): object => {
    let filter: object = { path: "type", eq: "a" };
    for (let level = 1; level < levels; level += 1) filter = { not: filter };
    return filter;
  };
  const part = { path: "type", eq: "a" };
  it.each<[string, unknown, string]>([
    ["an empty object", {}, ""],
    ["a list", [], ""],
    ["two connectives", { and: [part], or: [part] }, ""],
    ["a connective beside a comparison", { ...part, and: [part] }, ""],
    ["an empty list of parts", { and: [] }, ""],
    ["two comparisons", { path: "type", eq: "a", ne: "b" }, ""],
    ["an unknown comparison", { path: "type", matches: ".*" }, ""],
    ["no comparison", { path: "type" }, ""],
    ["a path to elsewhere", { path: "organization", eq: "a" }, "/path"],
    ["a path with an empty member", { path: "data..a", eq: "a" }, "/path"],
    ["a path that is too long", { path: `data.${"a".repeat(300)}`, eq: "a" }, "/path"],
    ["an object to compare with", { path: "data.a", eq: {} }, "/eq"],
    ["a truth to be greater than", { path: "data.a", gt: true }, "/gt"],
    ["a long text", { path: "data.a", eq: "a".repeat(FILTER_BOUNDS.textLength + 1) }, "/eq"],
    ["a long list", { path: "data.a", in: Array.from({ length: 101 }, () => 1) }, "/in"],
    ["a list in a list", { path: "data.a", in: [[1]] }, "/in"],
    [
      "a mistake below",
      { or: [part, { not: { and: [{ path: "x", eq: 1 }] } }] },
      "/or/1/not/and/0/path",
    ],
    ["too many levels", nested(FILTER_BOUNDS.levels + 1), "/not".repeat(FILTER_BOUNDS.levels)],
    ["too many parts", { and: Array.from({ length: 64 }, () => part) }, "/and/63"],
    [
      "too many bytes",
      { and: Array.from({ length: 17 }, () => ({ path: "type", eq: "ä".repeat(512) })) },
      "",
    ],
  ])("%s is refused at its place", (_what, filter, pointer) => {
    expect(filterMistakes(filter).map((mistake) => mistake.pointer)).toEqual([pointer]);
  });

  it("takes what just fits", () => {
    expect(filterMistakes(nested(FILTER_BOUNDS.levels))).toEqual([]);
    expect(filterMistakes({ and: Array.from({ length: 63 }, () => part) })).toEqual([]);
  });

  it("is never a reason to throw, whatever JSON it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (filter, data) => {
        if (filterMistakes(filter).length > 0) return;
        expect(typeof compileFilter(filter as Filter)(subject(JSON.stringify(data)))).toBe(
          "boolean",
        );
      }),
    );
  });
});
