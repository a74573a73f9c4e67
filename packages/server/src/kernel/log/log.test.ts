import { describe, expect, it } from "vitest";
import { describeStore } from "../testing/describe-store.ts";
import { logSuite } from "../testing/log.suite.ts";
import { emitOne, gate, openSpine, testOrigin, until } from "../testing/spine.ts";
import { openTestDatabase } from "../testing/test-database.ts";
import { createEmitter } from "./index.ts";
import type { LogEvent } from "../contract/index.ts";

describeStore("log", logSuite);

describe("the order of the log on PostgreSQL", () => {
  const open = (options = {}): ReturnType<typeof openTestDatabase> =>
    openTestDatabase("postgres", options);

  it("A writes elsewhere, B emits, A emits and commits, B commits: both are read", async () => {
    await using spine = await openSpine(open);
    const { driver } = spine.hub;
    const heard: LogEvent[] = [];
    spine.log.tail(["*"], (event) => heard.push(event));
    await spine.log.start();
    const emit = createEmitter({
      dialect: "postgres",
      clock: { now: Date.now, monotonic: () => 0, after: () => () => {} },
      makeId: spine.makeId,
    });
    const context = { owner: "notes", organization: "acme", origin: testOrigin };
    const of = (type: string) => emit(context, { type, data: {}, options: {} }).statements;
    const [aWrote, bEmitted, aCommitted] = [gate(), gate(), gate()];
    const a = driver.transaction(async (tx) => {
      await tx.execute({
        sql: `insert into notes_note (organization, id, text) values ('acme', 'a', 'a')`,
        parameters: [],
      });
      aWrote.open();
      await bEmitted.passed;
      for (const statement of of("from.a")) await tx.execute(statement);
    });
    const b = driver.transaction(async (tx) => {
      await aWrote.passed;
      for (const statement of of("from.b")) await tx.execute(statement);
      bEmitted.open();
      await aCommitted.passed;
    });
    await a;
    await until(() => heard.some((event) => event.type === "from.a"));
    aCommitted.open();
    await b;
    await until(() => heard.length === 2);
    expect(heard.map((event) => [event.type, event.seq])).toEqual([
      ["from.a", 1],
      ["from.b", 2],
    ]);
  });

  it("an open writing transaction in another database delays nothing", async () => {
    await using spine = await openSpine(open);
    await using elsewhere = await open();
    await spine.log.start();
    const [isOpen, mayEnd] = [gate(), gate()];
    const writing = elsewhere.driver.transaction(async (tx) => {
      await tx.execute({ sql: `create table held (id text)`, parameters: [] });
      isOpen.open();
      await mayEnd.passed;
    });
    await isOpen.passed;
    await emitOne(spine, "note.created");
    await spine.log.drained();
    expect(await spine.log.page({ organization: "acme", limit: 1 })).toHaveLength(1);
    mayEnd.open();
    await writing;
  });
});
