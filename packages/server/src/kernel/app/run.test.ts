import { Type } from "typebox";
import { afterAll, beforeAll, expect, expectTypeOf, test } from "vitest";
import {
  anonymous,
  definePlugin,
  operation,
  problem,
  raiser,
  type Caller,
  type InputOf,
} from "../index.ts";
import { createTestApp, type TestApp } from "../testing/index.ts";

const errors = { "sums.tooLarge": problem(422, "The sum is larger than {max}.") };
const raise = raiser(errors);

const add = operation({
  id: "sums.add",
  method: "POST",
  path: "/sums/{base}",
  summary: "Add",
  access: "sums:write",
  mode: "write",
  idempotent: true,
  audit: "none",
  params: Type.Object({ base: Type.Integer() }),
  query: Type.Object({ note: Type.Optional(Type.String()) }, { additionalProperties: false }),
  body: Type.Object({ term: Type.Integer() }),
  replies: { 201: Type.Object({ sum: Type.Integer(), note: Type.Optional(Type.String()) }) },
  errors: ["sums.tooLarge"],
  example: { path: { base: "1" }, body: { term: 2 } },
  handle: ({ path, query, body }) => {
    const sum = path.base + body.term;
    if (sum > 100) throw raise("sums.tooLarge", { params: { max: 100 } });
    const { note } = query;
    return Promise.resolve(note === undefined ? { sum } : { sum, note });
  },
});

const clear = operation({
  id: "sums.clear",
  method: "DELETE",
  path: "/sums",
  summary: "Clear",
  access: "sums:write",
  mode: "write",
  replies: { 204: null },
  example: {},
  handle: () => Promise.resolve(undefined),
});

const plugin = definePlugin({
  id: "sums",
  version: "1.0.0",
  engine: "^1",
  permissions: { "sums:write": "Add" },
  errors,
  operations: [add, clear],
});

const caller: Caller = { ...anonymous, kind: "user", subject: "u1", permissions: ["sums:write"] };
let app: TestApp;
beforeAll(async () => {
  app = await createTestApp({ plugins: [plugin] });
});
afterAll(() => app.stop());

test("an operation is a function whose input and answer have the types of its schemas", async () => {
  const made = await app.run(add, { path: { base: 1 }, body: { term: 2 } }, caller);
  expectTypeOf(made).toEqualTypeOf<{ sum: number; note?: string }>();
  expect(made).toEqual({ sum: 3 });
  const noted = { path: { base: 1 }, query: { note: "n" }, body: { term: 2 } };
  expect(await app.run(add, noted, caller)).toEqual({ sum: 3, note: "n" });
});

test("an answer without a body is undefined, and an input without parts is empty", async () => {
  const nothing = await app.run(clear, {}, caller);
  expectTypeOf(nothing).toEqualTypeOf<undefined>();
  expect(nothing).toBeUndefined();
});

test("what an operation does not take, its function does not take either", () => {
  type Add = InputOf<typeof add>;
  expectTypeOf<Add["body"]>().toEqualTypeOf<{ term: number }>();
  expectTypeOf<{ path: { base: number } }>().not.toExtend<Add>();
  expectTypeOf<{ path: { base: string }; body: { term: number } }>().not.toExtend<Add>();
  expectTypeOf<{ path: { base: number }; body: { term: number } }>().toExtend<Add>();
  expectTypeOf<keyof InputOf<typeof clear>>().toEqualTypeOf<"idempotencyKey" | "ifMatch">();
});

test("a function is refused as a request would be: by input, permission and the operation itself", async () => {
  const call = (term: number, as = caller): Promise<unknown> =>
    app.run(add, { path: { base: 1 }, body: { term } }, as);
  await expect(call(1.5)).rejects.toMatchObject({ code: "request.invalid" });
  await expect(call(1, { ...caller, permissions: [] })).rejects.toMatchObject({
    code: "access.forbidden",
  });
  await expect(call(1, anonymous)).rejects.toMatchObject({ code: "access.unauthenticated" });
  await expect(call(100)).rejects.toMatchObject({ code: "sums.tooLarge", status: 422 });
});

test("the same key answers the same, and refuses another input", async () => {
  const call = (term: number): Promise<unknown> =>
    app.run(add, { path: { base: 1 }, body: { term }, idempotencyKey: "k1" }, caller);
  expect(await call(1)).toEqual({ sum: 2 });
  expect(await call(1)).toEqual({ sum: 2 });
  await expect(call(2)).rejects.toMatchObject({ code: "request.idempotencyReuse" });
});
