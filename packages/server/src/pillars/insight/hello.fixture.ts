import { add, definePlugin, job, operation, point } from "portico/kernel";
import type { AnyPlugin, Clock } from "portico/kernel";
import { createTestApp, fakeClock } from "portico/testing";
import type { FakeClock, OpenTestDatabase, TestApp, TestDatabase } from "portico/testing";
import { Type } from "typebox";
import { insight } from "./index.ts";

const Nothing = point<string>("hello.nothing@1");

/** Operations that succeed and fail as they are told, and a job that throws. */
export const hello: AnyPlugin = definePlugin({
  id: "hello",
  version: "1.0.0",
  engine: "^1",
  points: [Nothing],
  contributes: [add(Nothing, "")],
  operations: [
    operation({
      id: "hello.greet",
      method: "GET",
      path: "/hello/{name}",
      summary: "Greet",
      access: "caller",
      mode: "read",
      params: Type.Object({ name: Type.String() }),
      replies: { 200: Type.Object({ text: Type.String() }) },
      example: { path: { name: "ada" } },
      handle: ({ path }) => ({ text: `Hello ${path.name}` }),
    }),
    operation({
      id: "hello.break",
      method: "GET",
      path: "/broken/{id}",
      summary: "Break",
      access: "caller",
      mode: "read",
      params: Type.Object({ id: Type.String() }),
      replies: { 200: Type.Object({}) },
      example: { path: { id: "1" } },
      handle: ({ path }) => {
        throw new TypeError(`secret table row ${path.id} is broken`);
      },
    }),
    operation({
      id: "hello.work",
      method: "POST",
      path: "/work",
      summary: "Work",
      access: "caller",
      mode: "write",
      replies: { 204: null },
      example: {},
      handle: ({ tx }) => {
        tx.enqueue("work", {});
        return Promise.resolve();
      },
    }),
  ],
  jobs: {
    work: job({
      input: Type.Object({}),
      attempts: 1,
      run: () => Promise.reject(new TypeError("the machine stands still")),
    }),
  },
});

/** A server with them, on a clock that a test moves. */
export interface HelloApp extends AsyncDisposable {
  readonly app: TestApp;
  readonly clock: FakeClock;
  readonly database: TestDatabase;
}

/** Opens one on a fresh database; on another clock where jobs are waited for. */
export async function openHello(open: OpenTestDatabase, running?: Clock): Promise<HelloApp> {
  const clock = fakeClock();
  const database = await open();
  const app = await createTestApp({
    plugins: [hello, insight()],
    driver: database.driver,
    clock: running ?? clock,
  });
  return {
    app,
    clock,
    database,
    [Symbol.asyncDispose]: async () => {
      await app[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}
