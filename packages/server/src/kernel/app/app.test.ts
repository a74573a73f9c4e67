import { Type } from "typebox";
import { expect, test } from "vitest";
import {
  add,
  capability,
  definePlugin,
  operation,
  point,
  provide,
  type AnyPlugin,
} from "../contract/index.ts";
import { createTestApp } from "../testing/test-app.ts";

const Greeting = capability<{ readonly text: string }>("hello.greeting@1");
const Lines = point<{ readonly line: string }>("poem.lines@1");

/** A plugin that notes when it is started and stopped. */
function noted(
  id: string,
  notes: string[],
  more: Pick<Parameters<typeof definePlugin>[0], "needs" | "start"> = {},
): AnyPlugin {
  return definePlugin({
    id,
    version: "1.0.0",
    engine: "^1",
    start: () => {
      notes.push(`${id} starts`);
      return Promise.resolve({
        stop: () => {
          notes.push(`${id} stops`);
          return Promise.resolve();
        },
      });
    },
    ...more,
  });
}

test("plugins start after what they need and stop before it", async () => {
  const notes: string[] = [];
  const app = await createTestApp({
    plugins: [
      noted("roof", notes, { needs: ["walls"] }),
      noted("walls", notes, { needs: ["floor"] }),
      noted("floor", notes),
    ],
  });
  await app.stop();
  expect(notes).toEqual([
    "floor starts",
    "walls starts",
    "roof starts",
    "roof stops",
    "walls stops",
    "floor stops",
  ]);
});

test("when a plugin fails to start, those that had started are stopped and the reason is told", async () => {
  const notes: string[] = [];
  const failing = noted("roof", notes, {
    needs: ["walls"],
    start: () => Promise.reject(new RangeError("no tiles")),
  });
  await expect(createTestApp({ plugins: [noted("walls", notes), failing] })).rejects.toMatchObject({
    code: "app.startFailed",
    cause: new RangeError("no tiles"),
  });
  expect(notes).toEqual(["walls starts", "walls stops"]);
});

test("a plugin that fails to stop does not keep the others from stopping", async () => {
  const notes: string[] = [];
  const stuck = definePlugin({
    id: "stuck",
    version: "1.0.0",
    engine: "^1",
    start: () => Promise.resolve({ stop: () => Promise.reject(new RangeError("stuck")) }),
  });
  const app = await createTestApp({ plugins: [noted("walls", notes), stuck] });
  await app.stop();
  expect(notes).toEqual(["walls starts", "walls stops"]);
});

test("a capability is given to who lists its plugin in needs, and to nobody else", async () => {
  const provider = definePlugin({
    id: "hello",
    version: "1.0.0",
    engine: "^1",
    provides: [Greeting],
    start: () => Promise.resolve({ provides: [provide(Greeting, { text: "Shwmae" })] }),
  });
  const asks = (id: string, needs: readonly string[]): AnyPlugin =>
    definePlugin({ id, version: "1.0.0", engine: "^1", needs });
  await using app = await createTestApp({
    plugins: [provider, asks("friend", ["hello"]), asks("stranger", [])],
  });
  expect(app.context("friend").get(Greeting)).toEqual({ text: "Shwmae" });
  expect(() => app.context("stranger").get(Greeting)).toThrow(
    expect.objectContaining({ code: "app.notNeeded" }),
  );
});

test("contributions come in the order of the plugins, with their owner's context", async () => {
  const poem = definePlugin({ id: "poem", version: "1.0.0", engine: "^1", points: [Lines] });
  const poet = (id: string, line: string): AnyPlugin =>
    definePlugin({ id, version: "1.0.0", engine: "^1", contributes: [add(Lines, { line })] });
  await using app = await createTestApp({
    plugins: [poem, poet("ann", "one"), poet("bob", "two")],
  });
  const lines = app.context("poem").contributions(Lines);
  expect(lines.map(({ plugin, value, ctx }) => [plugin, value.line, ctx.plugin])).toEqual([
    ["ann", "one", "ann"],
    ["bob", "two", "bob"],
  ]);
});

test("an operation is a function too: the same checks, no HTTP", async () => {
  const sums = definePlugin({
    id: "sums",
    version: "1.0.0",
    engine: "^1",
    permissions: { "sums:read": "Add numbers" },
    operations: [
      operation({
        id: "sums.add",
        method: "GET",
        path: "/sums/{a}",
        summary: "Add one",
        access: "sums:read",
        mode: "read",
        params: Type.Object({ a: Type.Integer() }),
        replies: { 200: Type.Object({ sum: Type.Integer() }) },
        example: { path: { a: "1" } },
        handle: ({ path }) => ({ sum: path.a + 1 }),
      }),
    ],
  });
  await using app = await createTestApp({ plugins: [sums] });
  const caller = {
    kind: "user",
    organization: "default",
    subject: "user_1",
    permissions: ["sums:read"],
    instancePermissions: [],
  } as const;
  const reply = await app.call("sums.add", { path: { a: 2 } }, caller);
  expect(reply).toMatchObject({ status: 200, body: { sum: 3 } });
  await expect(
    app.call("sums.add", { path: { a: 2 } }, { ...caller, permissions: [] }),
  ).rejects.toMatchObject({ code: "access.forbidden" });
  await expect(app.call("sums.add", { path: { a: "x" } }, caller)).rejects.toMatchObject({
    code: "request.invalid",
  });
});
