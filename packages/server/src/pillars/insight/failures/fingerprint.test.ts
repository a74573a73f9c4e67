import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fingerprintOf, normalise, topOf } from "./fingerprint.ts";

const identity = { kind: "job", place: "notes.digest", code: null, text: "broken", stack: null };

describe("normalise", () => {
  it.each([
    ["timeout after 3021 ms", "timeout after {n} ms"],
    ["no row 0197f9c2-9c5d-7bd1-8f00-5f3b8a1c2d3e here", "no row {uuid} here"],
    ["key key_01jzcy4kq5f7rt8v9w0x1y2z3a is gone", "key {id} is gone"],
    ["connect ECONNREFUSED 127.0.0.1:5432", "connect ECONNREFUSED {address}"],
    ["connect ECONNREFUSED [2001:db8::1:2]:443", "connect ECONNREFUSED {address}"],
    ["mail to ada+x@example.com failed", "mail to {email} failed"],
    [
      `Unexpected token 'a', "abc" is not valid JSON`,
      "Unexpected token {text}, {text} is not valid JSON",
    ],
    ["at 2026-01-02T03:04:05.678Z", "at {time}"],
    ["first\n    second line", "first"],
  ])("%s → %s", (text, wanted) => {
    expect(normalise(text)).toBe(wanted);
  });

  it("is bounded, and the same when done twice, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 5_000 }), (text) => {
        const once = normalise(text);
        expect(once.length).toBeLessThanOrEqual(300);
      }),
    );
  });

  it("is done with a hostile text of a megabyte at once", () => {
    const started = performance.now();
    for (const piece of ["a@", "1.", "::", "'", "0x", "a_0", "-"]) normalise(piece.repeat(500_000));
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe("fingerprintOf", () => {
  it("is the same for what differs in ids and numbers, and in lines of the source", () => {
    const stack = (line: number): string =>
      `Error: x\n    at pay (/srv/app/${line}/pay.ts:${line}:7)\n    at node:internal/process:1:1`;
    const a = fingerprintOf({ ...identity, text: "no invoice 7", stack: stack(10) });
    const b = fingerprintOf({ ...identity, text: "no invoice 8", stack: stack(99) });
    expect(a).toBe(b);
  });

  it("differs by kind, place, code, message and stack", () => {
    const all = [
      identity,
      { ...identity, kind: "plugin" },
      { ...identity, place: "notes.other" },
      { ...identity, code: "jobs.timeout" },
      { ...identity, text: "in another way" },
      { ...identity, stack: "Error: x\n    at pay (/srv/pay.ts:1:1)" },
    ].map(fingerprintOf);
    expect(new Set(all).size).toBe(all.length);
  });
});

it("names the frames that are the application's own", () => {
  const stack = [
    "TypeError: x",
    "    at Object.run (file:///srv/app/src/digest.ts:10:5)",
    "    at async node:internal/modules:1:1",
    "    at /srv/app/src/other.ts:3:1",
  ].join("\n");
  expect(topOf(stack)).toStrictEqual(["Object.run @digest.ts", "@other.ts"]);
});
