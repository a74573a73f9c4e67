// Every operation's example is sent against a seeded store and answers its success status: what the docs show works.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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

interface Stranger {
  readonly who: string;
  readonly headersIn: (app: TestApp) => Promise<Readonly<Record<string, string>>>;
}

/** Callers who may do everything, in another organization. */
const strangers: readonly Stranger[] = [
  {
    who: "another organization",
    headersIn: async (app) => app.as({ ...everything, organization: "stranger" }).headers,
  },
  { who: "the session of another organization's owner", headersIn: sessionIn },
];

/** Signs in as a person who owns an organization of his own, and acts in it. */
async function sessionIn(app: TestApp): Promise<Readonly<Record<string, string>>> {
  const post = async (path: string, body: object, headers = {}): Promise<Answer> => {
    const reply = await app.inject({ method: "POST", url: `/api/v1${path}`, body, headers });
    if (reply.status >= 300) throw new Error(`${path}: ${reply.text}`);
    return reply.json() as Answer;
  };
  const bearer = ({ accessToken = "" }: Answer): Readonly<Record<string, string>> => ({
    authorization: `Bearer ${accessToken}`,
  });
  const login = { username: `stranger-${registered++}`, password: "a stranger walks by the sea" };
  const first = await post("/auth/register", login);
  const { id } = await post("/organizations", { name: "Strangers" }, bearer(first));
  return bearer(await post("/auth/login", { ...login, organization: id }));
}

let registered = 0;

interface Answer {
  readonly accessToken?: string;
  readonly id?: string;
}

/** One session for all that is asked of one server. */
const headersOf = new Map<string, Promise<Readonly<Record<string, string>>>>();

describe.each(strangers)("$who", ({ who, headersIn }) => {
  test.each(
    operations
      .filter(({ path, example }) => path.includes("{") && example.after !== undefined)
      .filter((operation) => !isInstanceWide(operation))
      .map((operation) => [operation.id, operation] as const),
  )("is told by %s that there is no such object", async (_id, operation) => {
    const app = await appOf(operation);
    const examples = createExamples(app, operations);
    const replies = await examples.seeded(operation.example);
    const request = examples.make(operation, operation.example, replies);
    const known = app === shared ? headersOf.get(who) : undefined;
    const headers = known ?? headersIn(app);
    if (app === shared) headersOf.set(who, headers);
    expect((await examples.send(request, await headers)).status).toBe(404);
    if (app !== shared) await app.stop();
  });
});
