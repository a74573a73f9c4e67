// Every operation's example is sent against a seeded store and answers its success status: what the docs show works.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Operation } from "../packages/server/src/kernel/index.ts";
import { createTestApp, type TestApp } from "../packages/server/src/kernel/testing/index.ts";
import { builtIns } from "../packages/server/src/platform.ts";
import { createExamples, everything, isInstanceWide } from "./examples/requests.ts";

let shared: TestApp;

beforeAll(async () => {
  shared = await createTestApp({ plugins: builtIns() });
});
afterAll(() => shared.stop());

const operations = builtIns().flatMap((plugin) => plugin.operations ?? []);

/** What belongs to the installation is there once, such as a route: its examples begin in an empty one. */
async function appOf(operation: Operation): Promise<TestApp> {
  const isChange = operation.example.after !== undefined || operation.method !== "GET";
  if (!isInstanceWide(operation) || !isChange) return shared;
  return await createTestApp({ plugins: builtIns() });
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

/** Objects of an organization, each made by the examples before it. */
const ofOrganizations = operations
  .filter(({ path, example }) => path.includes("{") && example.after !== undefined)
  .filter((operation) => !isInstanceWide(operation))
  .map((operation) => [operation.id, operation] as const);

test.each(ofOrganizations)(
  "%s tells another organization that there is no such object",
  async (_id, operation) => {
    const examples = createExamples(shared, operations);
    const replies = await examples.seeded(operation.example);
    const request = examples.make(operation, operation.example, replies);
    const stranger = shared.as({ ...everything, organization: "stranger" });
    expect((await examples.send(request, stranger.headers)).status).toBe(404);
  },
);

describe("the session of a person who owns another organization", () => {
  let headers: Readonly<Record<string, string>>;

  beforeAll(async () => {
    const post = async (path: string, body: object, bearer = ""): Promise<Reply> => {
      const reply = await shared.inject({
        method: "POST",
        url: `/api/v1${path}`,
        body,
        headers: bearer === "" ? {} : { authorization: `Bearer ${bearer}` },
      });
      if (reply.status >= 300) throw new Error(`${path}: ${reply.text}`);
      return reply.json() as Reply;
    };
    const login = { username: "stranger", password: "a stranger walks by the sea" };
    const { accessToken } = await post("/auth/register", login);
    const { id } = await post("/organizations", { name: "Strangers" }, accessToken);
    const inside = await post("/auth/login", { ...login, organization: id });
    headers = { authorization: `Bearer ${inside.accessToken ?? ""}` };
  });

  test.each(ofOrganizations)(
    "is told by %s that there is no such object",
    async (_id, operation) => {
      const examples = createExamples(shared, operations);
      const replies = await examples.seeded(operation.example);
      const request = examples.make(operation, operation.example, replies);
      expect((await examples.send(request, headers)).status).toBe(404);
    },
  );
});

interface Reply {
  readonly accessToken?: string;
  readonly id?: string;
}
