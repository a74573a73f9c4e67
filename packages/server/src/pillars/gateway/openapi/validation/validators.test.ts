import { describe, expect, it } from "vitest";
import { Validators } from "./validators.ts";

const request = { direction: "request", isText: false } as const;

function objects(count: number): Record<string, object> {
  return Object.fromEntries(
    Array.from({ length: count }, (_each, index) => [
      `T${index}`,
      {
        type: "object",
        properties: {
          n: { type: "integer" },
          next: { $ref: `#/components/schemas/T${(index + 1) % count}` },
        },
      },
    ]),
  );
}

describe("validators", () => {
  it("are compiled for what a value reaches, and for nothing else", () => {
    const schemas = objects(1_000);
    const validators = new Validators({ components: { schemas } });
    const start = { $ref: "#/components/schemas/T0" };
    expect(validators.check(start, { n: 1 }, request)).toStrictEqual([]);
    expect(validators.nodes).toBeLessThan(10);
    expect(validators.check(start, { next: { next: { n: "x" } } }, request)).toStrictEqual([
      { pointer: "/next/next/n", detail: "must be integer; got string" },
    ]);
    expect(validators.nodes).toBeLessThan(40);
  });

  it("stay within their bound, and judge as before when they have been let go", () => {
    const schemas = objects(500);
    const validators = new Validators({ components: { schemas } }, 200);
    for (let round = 0; round < 3; round += 1) {
      for (let index = 0; index < 500; index += 1) {
        const schema = schemas[`T${index}`] ?? {};
        expect(
          validators.check(schema as Record<string, unknown>, { n: 1 }, request),
        ).toStrictEqual([]);
        expect(
          validators.check(schema as Record<string, unknown>, { n: "x" }, request),
        ).toHaveLength(1);
        expect(validators.nodes).toBeLessThanOrEqual(200);
      }
    }
  });

  it("follow a cycle as deep as the value goes", () => {
    const validators = new Validators({ components: { schemas: objects(1) } });
    let value: object = { n: "x" };
    for (let depth = 0; depth < 190; depth += 1) value = { next: value };
    const [place] = validators.check({ $ref: "#/components/schemas/T0" }, value, request);
    expect(place?.pointer).toBe(`${"/next".repeat(190)}/n`);
  });

  it("tell one value that fits no form once, and what is wrong deeper in its forms", () => {
    const validators = new Validators({});
    const schema = {
      anyOf: [
        { type: "string" },
        { type: "object", required: ["a"], properties: { b: { type: "integer" } } },
      ],
    };
    expect(validators.check(schema, 5, request)).toStrictEqual([
      { pointer: "", detail: "fits none of the forms it may have; got number" },
    ]);
    expect(validators.check(schema, { b: "x" }, request)).toStrictEqual([
      { pointer: "/a", detail: "is missing" },
      { pointer: "/b", detail: "must be integer; got string" },
      { pointer: "", detail: "fits none of the forms it may have; got object" },
    ]);
  });

  it("tell at most 100 places", () => {
    const value = Array.from({ length: 10_000 }, () => "x");
    const validators = new Validators({});
    expect(
      validators.check({ type: "array", items: { type: "integer" } }, value, request),
    ).toHaveLength(100);
  });
});
