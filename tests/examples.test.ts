// Every operation's example is sent against a seeded store and answers its success status: what the docs show works.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Caller, Operation } from "../packages/server/src/kernel/index.ts";
import { createTestApp, type TestApp } from "../packages/server/src/kernel/testing/index.ts";
import { builtIns } from "../packages/server/src/platform.ts";

let shared: TestApp;

beforeAll(async () => {
  shared = await createTestApp({ plugins: builtIns() });
});
afterAll(() => shared.stop());

const everything = { permissions: ["*"], instancePermissions: ["*"] };
const operations = builtIns().flatMap((plugin) => plugin.operations ?? []);
const instanceWide = new Set(
  builtIns().flatMap(({ permissions = {} }) =>
    Object.entries(permissions)
      .filter(([, definition]) => typeof definition !== "string" && definition.scope === "instance")
      .map(([name]) => name),
  ),
);

/** What belongs to the installation is there once, such as a route: its examples begin in an empty one. */
async function appOf({ access, example, method }: Operation): Promise<TestApp> {
  const isChange = example.after !== undefined || method !== "GET";
  if (!instanceWide.has(access) || !isChange) return shared;
  return await createTestApp({ plugins: builtIns() });
}

test.each(operations.map((operation) => [operation.id, operation] as const))(
  "the example of %s answers its success status",
  async (_id, operation) => {
    const app = await appOf(operation);
    const { status, text } = await send({ app, operation }, await seeded(app, operation));
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
    .filter(({ access }) => !instanceWide.has(access))
    .map((operation) => [operation.id, operation] as const),
)("%s tells another organization that there is no such object", async (_id, operation) => {
  const replies = await seeded(shared, operation);
  const stranger = { ...everything, organization: "stranger" };
  expect((await send({ app: shared, operation }, replies, stranger)).status).toBe(404);
});

/** Runs what the example comes after, and answers the replies by operation. */
async function seeded(
  app: TestApp,
  operation: Operation,
): Promise<Readonly<Record<string, unknown>>> {
  const replies: Record<string, unknown> = {};
  for (const id of operation.example.after ?? []) {
    const before = operations.find((each) => each.id === id);
    if (before === undefined) throw new TypeError(`${operation.id} comes after unknown ${id}`);
    replies[id] = (await send({ app, operation: before }, replies)).json;
  }
  return replies;
}

async function send(
  { app, operation }: { readonly app: TestApp; readonly operation: Operation },
  replies: Readonly<Record<string, unknown>>,
  caller: Partial<Caller> = everything,
): Promise<{ readonly status: number; readonly text: string; readonly json: unknown }> {
  const { method, path, example } = operation;
  const fill = (text: string): string =>
    text.replaceAll(/\{([\w.]+)\}/g, (_whole, reference: string) => look(replies, reference));
  const place = path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) =>
    encodeURIComponent(fill(example.path?.[name] ?? "")),
  );
  const query = new URLSearchParams(
    Object.entries(example.query ?? {}).map(([name, value]) => [name, fill(value)]),
  ).toString();
  const body: unknown =
    example.body === undefined ? undefined : JSON.parse(fill(JSON.stringify(example.body)));
  const reply = await app.inject({
    method,
    url: `/api/v1${place}${query === "" ? "" : `?${query}`}`,
    headers: app.as(caller).headers,
    ...(body === undefined ? {} : { body }),
  });
  await app.settled();
  return { status: reply.status, text: reply.text, json: reply.text === "" ? null : reply.json() };
}

/** `{webhooks.create.id}`: the longest operation id that was run, then a path into its reply. */
function look(replies: Readonly<Record<string, unknown>>, reference: string): string {
  const id = Object.keys(replies).find((each) => reference.startsWith(`${each}.`));
  if (id === undefined) return `{${reference}}`;
  const found = reference
    .slice(id.length + 1)
    .split(".")
    .reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], replies[id]);
  return String(found);
}
