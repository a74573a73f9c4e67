// Every operation's example is sent against a seeded store and answers its success status: what the docs show works.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Operation } from "../packages/server/src/kernel/index.ts";
import type { TestApp } from "../packages/server/src/kernel/testing/index.ts";
import { builtIns } from "../packages/server/src/platform.ts";
import { createExamplesApp } from "./examples/app.ts";
import { createExamples, everything, isInstanceWide, touchesSignIn } from "./examples/requests.ts";

let shared: TestApp;

beforeAll(async () => {
  shared = await createExamplesApp();
});
afterAll(() => shared.stop());

const operations = builtIns().flatMap((plugin) => plugin.operations ?? []);

/** What belongs to the installation is there once, such as a route: its examples begin in an empty one. */
async function appOf(operation: Operation): Promise<TestApp> {
  const isChange = operation.example.after !== undefined || operation.method !== "GET";
  if (!touchesSignIn(operation) && (!isInstanceWide(operation) || !isChange)) return shared;
  return await createExamplesApp();
}

test.each(operations.map((operation) => [operation.id, operation] as const))(
  "the example of %s answers its success status",
  async (_id, operation) => {
    const app = await appOf(operation);
    const { status, text } = await createExamples(app, operations).run(operation);
    if (app !== shared) await app.stop();
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
    .filter((operation) => !isInstanceWide(operation))
    .map((operation) => [operation.id, operation] as const),
)("%s tells another organization that there is no such object", async (_id, operation) => {
  const app = await appOf(operation);
  const examples = createExamples(app, operations);
  const replies = await examples.seeded(operation.example);
  const request = examples.make(operation, operation.example, replies);
  const stranger = app.as({ ...everything, organization: "stranger" });
  expect((await examples.send(request, stranger.headers)).status).toBe(404);
  if (app !== shared) await app.stop();
});
