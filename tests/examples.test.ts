// Every operation's example is sent against a seeded store and answers its success status: what the docs show works.
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestApp, type TestApp } from "../packages/server/src/kernel/testing/index.ts";
import { builtIns } from "../packages/server/src/platform.ts";
import { createExamples, everything, type Examples } from "./examples/requests.ts";

const operations = builtIns().flatMap((plugin) => plugin.operations ?? []);
let app: TestApp;
let examples: Examples;

beforeAll(async () => {
  app = await createTestApp({ plugins: builtIns() });
  examples = createExamples(app, operations);
});
afterAll(() => app.stop());

test.each(operations.map((operation) => [operation.id, operation] as const))(
  "the example of %s answers its success status",
  async (_id, operation) => {
    const { status, text } = await examples.run(operation);
    const wanted = Object.keys(operation.replies).find((each) => each.startsWith("2"));
    expect({ status, text: status < 300 ? "" : text }).toEqual({
      status: Number(wanted),
      text: "",
    });
  },
);

test.each(
  operations
    .filter(({ path, example }) => path.includes("{") && example.after !== undefined)
    .map((operation) => [operation.id, operation] as const),
)("%s tells another organization that there is no such object", async (_id, operation) => {
  const replies = await examples.seeded(operation.example);
  const request = examples.make(operation, operation.example, replies);
  const stranger = app.as({ ...everything, organization: "stranger" });
  expect((await examples.send(request, stranger.headers)).status).toBe(404);
});
