import { expect, test } from "vitest";
import { isId, isSlug } from "../../base/index.ts";
import { factories } from "./factories.ts";

function sample(seed: string | number): readonly unknown[] {
  const make = factories(seed);
  return Array.from({ length: 3 }, () => [
    make.organization(),
    make.caller(),
    make.keyText(),
    make.event(),
    make.text(),
    make.id("note"),
    make.integer(0, 1_000_000),
    make.pick(["a", "b", "c"]),
  ]);
}

test("the same seed makes the same data, and another seed makes other data", () => {
  expect(sample("a")).toEqual(sample("a"));
  expect(sample(1)).toEqual(sample(1));
  expect(sample("a")).not.toEqual(sample("b"));
  // Written down, so that another machine or version that makes other data is found out.
  const make = factories("portico");
  expect([make.organization(), make.integer(1, 1_000), make.event().type]).toMatchInlineSnapshot(`
    [
      "org-swift-meadow-f32a",
      853,
      "invoice.closed",
    ]
  `);
});

test("what one maker makes does not depend on how often another was asked", () => {
  const [quiet, busy] = [factories("s"), factories("s")];
  for (let round = 0; round < 50; round += 1) {
    busy.text();
    busy.integer(0, 9);
    busy.id("x");
  }
  expect(quiet.event()).toEqual(busy.event());
  expect(quiet.caller()).toEqual(busy.caller());
  expect(quiet.keyText()).toBe(busy.keyText());
});

test("things do not repeat, and have the forms of the server's own", () => {
  const make = factories(7);
  const many = Array.from({ length: 500 }, () => ({
    organization: make.organization(),
    id: make.id("note"),
    key: make.keyText(),
    subject: make.caller().subject,
  }));
  for (const name of ["id", "key", "subject"] as const) {
    expect(new Set(many.map((one) => one[name])).size).toBe(500);
  }
  expect(many.every((one) => isSlug(one.organization) && isId(one.id, "note"))).toBe(true);
});

test("parts that are given stay, and numbers stay within their bounds", () => {
  const make = factories("bounds");
  expect(make.caller({ organization: "acme", permissions: ["a:b"] })).toMatchObject({
    kind: "user",
    organization: "acme",
    permissions: ["a:b"],
  });
  expect(make.event({ type: "note.created" }).type).toBe("note.created");
  const numbers = Array.from({ length: 1_000 }, () => make.integer(-1, 1));
  expect(new Set(numbers)).toEqual(new Set([-1, 0, 1]));
  expect(make.text(200).length).toBeGreaterThanOrEqual(199);
  expect(make.text(200).isWellFormed()).toBe(true);
});
