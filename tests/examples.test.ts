// Every operation's example is sent against a seeded store and answers its success status: what the docs show works.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Caller, Operation } from "../packages/server/src/kernel/index.ts";
import { createTestApp, type TestApp } from "../packages/server/src/kernel/testing/index.ts";
import { builtIns } from "../packages/server/src/platform.ts";

let app: TestApp;

beforeAll(async () => {
  app = await createTestApp({ plugins: builtIns() });
});
afterAll(() => app.stop());

const everything = { permissions: ["*"], instancePermissions: ["*"] };
const operations = builtIns().flatMap((plugin) => plugin.operations ?? []);

test.each(operations.map((operation) => [operation.id, operation] as const))(
  "the example of %s answers its success status",
  async (_id, operation) => {
    const { status, text } = await send(operation, await seeded(operation));
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
  const replies = await seeded(operation);
  const stranger = { ...everything, organization: "stranger" };
  expect((await send(operation, replies, stranger)).status).toBe(404);
});

/** Runs what the example comes after, and answers the replies by operation. */
async function seeded(operation: Operation): Promise<Readonly<Record<string, unknown>>> {
  const replies: Record<string, unknown> = {};
  for (const id of operation.example.after ?? []) {
    const before = operations.find((each) => each.id === id);
    if (before === undefined) throw new TypeError(`${operation.id} comes after unknown ${id}`);
    replies[id] = (await send(before, replies)).json;
  }
  return replies;
}

async function send(
  { method, path, example }: Operation,
  replies: Readonly<Record<string, unknown>>,
  caller: Partial<Caller> = everything,
): Promise<{ readonly status: number; readonly text: string; readonly json: unknown }> {
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
