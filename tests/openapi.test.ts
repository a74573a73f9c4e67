// What Portico says of itself, by the word of a validator that nobody here wrote.
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestApp, type TestApp } from "../packages/server/src/kernel/testing/index.ts";
import { builtIns } from "../packages/server/src/platform.ts";

type Json = Record<string, unknown>;

let app: TestApp;
beforeAll(async () => {
  app = await createTestApp({ plugins: builtIns() });
});
afterAll(() => app.stop());

test.each([
  ["/openapi.json", "3.1"],
  ["/openapi-3.0.json", "3.0"],
])("%s is valid OpenAPI %s", async (url, version) => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate((await app.inject({ url })).json() as Json);
  expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  expect(validator.version).toBe(version);
});

test("the 3.1 document is no 3.0 document by another name", async () => {
  const document = (await app.inject({ url: "/openapi.json" })).json() as Json;
  expect((await new Validator().validate({ ...document, openapi: "3.0.3" })).valid).toBe(false);
});

test("both forms describe the same operations", async () => {
  const operations = async (url: string): Promise<readonly string[]> => {
    const { paths } = (await app.inject({ url })).json() as {
      readonly paths: Readonly<Record<string, Readonly<Record<string, { operationId: string }>>>>;
    };
    return Object.values(paths).flatMap((item) =>
      Object.values(item).map((one) => one.operationId),
    );
  };
  const ids = await operations("/openapi.json");
  expect(ids.length).toBeGreaterThan(20);
  expect(await operations("/openapi-3.0.json")).toEqual(ids);
});
