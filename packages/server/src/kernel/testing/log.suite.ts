import { Buffer } from "node:buffer";
import { expect, it } from "vitest";
import { isProblem } from "../../base/index.ts";
import type { LogEvent, Tx } from "../contract/index.ts";
import type { ConsumerDefinition } from "../log/index.ts";
import type { OpenTestDatabase } from "./describe-store.ts";
import { emitOne, hastyClock, notesOf, openSpine, testOrigin, until } from "./spine.ts";
import type { NotesTables, TestSpine } from "./spine.ts";

const acme = { organization: "acme" };

/** Writes a note for each event, named by it: a second handling would break the key. */
async function noteEach(events: readonly LogEvent[], tx: Tx): Promise<void> {
  for (const event of events) await note(tx, event.id, event.type);
}

async function note(tx: Tx, id: string, text: string): Promise<void> {
  const { scope } = tx;
  if (scope === "instance") throw new TypeError("A note belongs to an organization");
  const { organization } = scope;
  await tx.db<NotesTables>().insertInto("notes_note").values({ organization, id, text }).execute();
}

function consumer(given: Partial<ConsumerDefinition> = {}): ConsumerDefinition {
  return { owner: "notes", name: "copy", types: ["note.*"], handle: noteEach, ...given };
}

async function countTypes(spine: TestSpine): Promise<readonly LogEvent[]> {
  await spine.log.drained();
  return spine.log.page({ ...acme, limit: 1_000 });
}

/** The log's guarantees. */
export function logSuite(open: OpenTestDatabase): void {
  writing(open);
  reading(open);
  consuming(open);
  parking(open);
}

function writing(open: OpenTestDatabase): void {
  it("loses no event of concurrent writers and numbers them without a gap", async () => {
    await using spine = await openSpine(open);
    await spine.log.start();
    const write = async (index: number): Promise<void> => {
      if (index % 3 > 0) return void (await emitOne(spine, `note.${index}`));
      const refused = spine.hub.transaction(
        { scope: acme, origin: testOrigin },
        async (session) => {
          const tx = session.as("notes");
          tx.emit("note.refused", {});
          await note(tx, `n${index}`, "x");
          if (index % 2 === 0) throw new TypeError("refused");
          tx.emit(`note.${index}`, {});
        },
      );
      await refused.catch((error: unknown) => {
        if (!String(error).includes("refused")) throw error;
      });
    };
    await Promise.all(Array.from({ length: 120 }, (_, index) => write(index)));
    const events = await countTypes(spine);
    // 80 of one event and, of the 40 transactions, the odd half with two each.
    expect(events).toHaveLength(120);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
    expect(new Set(events.map((event) => event.id)).size).toBe(120);
  });

  it("numbers the events of a stream contiguously, in the order of the log", async () => {
    await using spine = await openSpine(open);
    await spine.log.start();
    const write = (index: number): Promise<unknown> =>
      spine.hub.append({ scope: acme, origin: testOrigin }, (session) =>
        session.as("notes").emit("note.said", { index }, { stream: `room:${index % 3}` }),
      );
    await Promise.all(Array.from({ length: 90 }, (_, index) => write(index)));
    for (const [, events] of Map.groupBy(await countTypes(spine), (event) => event.stream)) {
      expect(events.map((event) => event.streamSeq)).toEqual(events.map((_, index) => index + 1));
    }
  });

  it("keeps bytes exactly as they came, and values as their JSON", async () => {
    await using spine = await openSpine(open);
    const bytes = Buffer.from([0x7b, 0x20, 0x00, 0xff, 0x7d]);
    const raw = await emitOne(spine, "note.raw", bytes);
    const json = await emitOne(spine, "note.json", { text: "בְּרֵאשִׁית 🌍 \u0000" });
    expect(Buffer.from((await spine.log.find("acme", raw))?.data ?? [])).toEqual(bytes);
    const found = await spine.log.find("acme", json);
    expect(JSON.parse(Buffer.from(found?.data ?? []).toString())).toEqual({
      text: "בְּרֵאשִׁית 🌍 \u0000",
    });
    expect(found).toMatchObject({
      cause: "req_test",
      actor: "tester",
      contentType: "application/json",
    });
    expect(await spine.log.find("globex", raw)).toBeUndefined();
  });

  it.each([
    ["log.badType", "", {}],
    ["log.badType", "note created", {}],
    ["log.badType", "n".repeat(129), {}],
    ["log.badData", "note.created", undefined],
    ["log.badData", "note.created", 1n],
    ["log.tooLarge", "note.created", "x".repeat(256 * 1_024)],
  ])("refuses with %s and stores nothing", async (code, type, data) => {
    await using spine = await openSpine(open);
    const emitted = spine.hub.append({ scope: acme, origin: testOrigin }, (session) => {
      session.as("notes").emit("note.fine", {});
      session.as("notes").emit(type, data);
    });
    await expect(emitted).rejects.toSatisfy((error) => isProblem(error) && error.code === code);
    await spine.log.start();
    expect(await countTypes(spine)).toEqual([]);
  });
}

function reading(open: OpenTestDatabase): void {
  it("pages one organization's events by type, subject, thread and position", async () => {
    await using spine = await openSpine(open);
    await spine.log.start();
    await emitOne(spine, "other.thing", {}, { organization: "globex" });
    const trace = "f".repeat(32);
    await spine.hub.append({ scope: acme, origin: testOrigin }, (session) => {
      const append = session.as("notes");
      append.emit("note.created", {}, { subject: "n1" });
      append.emit("note_created", {});
      append.emit("note.changed", {}, { subject: "n1", origin: { ...testOrigin, trace } });
      append.emit("invoice.paid", {}, { subject: "i1" });
    });
    await spine.log.drained();
    const types = async (query: object): Promise<string[]> =>
      (await spine.log.page({ ...acme, limit: 10, ...query })).map((event) => event.type);
    expect(await types({ types: ["note.*"] })).toEqual(["note.created", "note.changed"]);
    expect(await types({ types: ["invoice.paid", "note_*"] })).toEqual([
      "note_created",
      "invoice.paid",
    ]);
    expect(await types({ subject: "n1", order: "newest" })).toEqual([
      "note.changed",
      "note.created",
    ]);
    expect(await types({ trace })).toEqual(["note.changed"]);
    const [first] = await spine.log.page({ ...acme, limit: 1 });
    expect(await types({ after: first?.seq, limit: 2 })).toEqual(["note_created", "note.changed"]);
    expect(await types({ before: first?.seq })).toEqual([]);
  });

  it("tells listeners every event of their types in log order, whoever wrote it", async () => {
    await using spine = await openSpine(open);
    const other = await spine.another();
    await spine.log.start();
    const heard: LogEvent[] = [];
    const stop = spine.log.tail(["note.*"], (event) => heard.push(event));
    spine.log.tail(["note.*"], () => {
      throw new TypeError("a listener's own trouble");
    });
    for (let index = 0; index < 30; index += 1) {
      // The other process's hint does not reach us on SQLite: then polling has to find it.
      await emitOne(index % 10 === 9 ? other : spine, index % 2 === 0 ? "note.a" : "else.b");
    }
    await until(() => heard.length === 15);
    expect(heard.map((event) => event.seq)).toEqual(
      heard.map((event) => event.seq).toSorted((a, b) => a - b),
    );
    stop();
    await emitOne(spine, "note.after");
    await spine.log.drained();
    expect(heard.map((event) => event.type)).not.toContain("note.after");
  });
}

function consuming(open: OpenTestDatabase): void {
  it("handles every event once, with two processes that both take themselves for the reader", async () => {
    await using spine = await openSpine(open, { clock: hastyClock(20) });
    const other = await spine.another();
    for (const each of [spine, other]) {
      await each.log.registerConsumer(consumer({ batch: 7 }));
      await each.log.start();
    }
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => emitOne(index % 2 ? spine : other, "note.created")),
    );
    await spine.log.drained();
    expect(await notesOf(spine)).toHaveLength(100);
    expect(await spine.log.parked({ ...acme, limit: 10 })).toEqual([]);
  });

  it("writes the consequences of a batch and the cursor together or not at all", async () => {
    await using spine = await openSpine(open, { clock: hastyClock(50) });
    let failures = 0;
    const handle: ConsumerDefinition["handle"] = async (events, tx) => {
      await noteEach(events, tx);
      tx.emit("echo", {});
      if (events.some((event) => event.type === "note.bad") && failures < 3) {
        failures += 1;
        throw new TypeError("not yet");
      }
    };
    await spine.log.registerConsumer(consumer({ handle }));
    await spine.hub.append({ scope: acme, origin: testOrigin }, (session) => {
      for (const type of ["note.a", "note.bad", "note.b"]) session.as("notes").emit(type, {});
    });
    await spine.log.registerConsumer(consumer({ handle, fromStart: true }));
    await spine.log.start();
    await spine.log.drained();
    expect(failures).toBe(3);
    expect(await notesOf(spine)).toEqual(["note.a", "note.b", "note.bad"]);
    // What failed left no echo: after the failed batch every event was handled by itself.
    const echoes = (await countTypes(spine)).filter((event) => event.type === "echo");
    expect(echoes).toHaveLength(3);
  });

  it("starts a new consumer at the end of the log, an old one where it was", async () => {
    await using spine = await openSpine(open);
    const other = await spine.another();
    await emitOne(spine, "note.before");
    await spine.log.start();
    await spine.log.drained();
    await spine.log.registerConsumer(consumer());
    await emitOne(spine, "note.first");
    await spine.log.drained();
    await spine.log.stop();
    await emitOne(spine, "note.meanwhile");
    await other.log.registerConsumer(consumer());
    await other.log.start();
    await other.log.drained();
    expect(await notesOf(spine)).toEqual(["note.first", "note.meanwhile"]);
  });

  it("gives each organization's events to a handle bound to it, on the event's own thread", async () => {
    await using spine = await openSpine(open, { runTwice: true });
    const handle: ConsumerDefinition["handle"] = async (events, tx) => {
      expect(
        events.every(
          (event) => tx.scope !== "instance" && event.organization === tx.scope.organization,
        ),
      ).toBe(true);
      for (const event of events) await note(tx, event.id, event.type);
      tx.emit("echo", {});
    };
    await spine.log.registerConsumer(consumer({ handle, fromStart: true }));
    const ids: string[] = [];
    for (const organization of ["acme", "globex", "acme"]) {
      ids.push(await emitOne(spine, "note.created", {}, { organization }));
    }
    await spine.log.start();
    await spine.log.drained();
    expect(await notesOf(spine)).toHaveLength(2);
    expect(await notesOf(spine, "globex")).toHaveLength(1);
    await spine.log.drained();
    const [echo] = await spine.log.page({ ...acme, types: ["echo"], limit: 1 });
    expect(echo).toMatchObject({ cause: ids[0], trace: testOrigin.trace });
  });

  it("opens no transaction for events that concern nobody, and moves the cursor past them for good", async () => {
    await using spine = await openSpine(open, { clock: hastyClock(20) });
    let asked = 0;
    const concerns = (events: readonly LogEvent[]): Promise<boolean> => {
      asked += events.length;
      return Promise.resolve(events.some(({ type }) => type === "note.wanted"));
    };
    await spine.log.registerConsumer(consumer({ concerns }));
    await spine.log.start();
    for (const type of ["note.idle", "note.idle"]) await emitOne(spine, type);
    await spine.log.drained();
    const position = `select position from log_consumers`;
    const { rows } = await spine.hub.driver.query({ sql: position, parameters: [] });
    expect(rows).toEqual([{ position: 2 }]);
    expect([asked, await notesOf(spine)]).toEqual([2, []]);
    await emitOne(spine, "note.wanted");
    await spine.log.drained();
    expect(await notesOf(spine)).toEqual(["note.wanted"]);
  });

  it("changes nothing once another process has moved the cursor, whether events concern it or not", async () => {
    await using spine = await openSpine(open, { clock: hastyClock(20) });
    const concerns = (): Promise<boolean> => Promise.resolve(false);
    await spine.log.registerConsumer(consumer({ fromStart: true, concerns }));
    await spine.log.start();
    await emitOne(spine, "note.before");
    await spine.log.drained();
    await spine.hub.driver.append([
      { sql: `update log_consumers set position = 3`, parameters: [], rows: 1 },
    ]);
    for (const type of ["note.theirs", "note.theirs", "note.last"]) await emitOne(spine, type);
    await spine.log.drained();
    const position = `select position from log_consumers`;
    const { rows } = await spine.hub.driver.query({ sql: position, parameters: [] });
    expect(rows).toEqual([{ position: 4 }]);
  });

  it("changes nothing once another process has moved the cursor", async () => {
    await using spine = await openSpine(open, { clock: hastyClock(20) });
    await spine.log.registerConsumer(consumer({ fromStart: true }));
    await spine.log.start();
    await emitOne(spine, "note.before");
    await spine.log.drained();
    // Another process has handled the next two events; ours does not know, and has read them already.
    await spine.hub.driver.append([
      { sql: `update log_consumers set position = 3`, parameters: [], rows: 1 },
    ]);
    for (const type of ["note.theirs", "note.theirs", "note.ours"]) await emitOne(spine, type);
    await until(async () => (await notesOf(spine)).length > 1);
    expect(await notesOf(spine)).toEqual(["note.before", "note.ours"]);
  });
}

function parking(open: OpenTestDatabase): void {
  it("parks an event that fails five times, goes on, and handles it again when asked", async () => {
    await using spine = await openSpine(open, { clock: hastyClock(50) });
    let isBroken = true;
    let tries = 0;
    const handle: ConsumerDefinition["handle"] = async (events, tx) => {
      await noteEach(events, tx);
      if (!events.some((event) => event.type === "note.poison")) return;
      if (events.length === 1) tries += 1;
      if (isBroken) throw new TypeError("cannot be handled");
    };
    await spine.log.registerConsumer(consumer({ handle, fromStart: true }));
    for (const type of ["note.a", "note.poison", "note.b"]) await emitOne(spine, type);
    await spine.log.start();
    await spine.log.drained();
    expect(tries).toBe(5);
    expect(await notesOf(spine)).toEqual(["note.a", "note.b"]);
    const query = { ...acme, consumer: "notes.copy", limit: 10 };
    expect(await spine.log.parked(query)).toMatchObject([
      { type: "note.poison", error: "cannot be handled", failures: 5 },
    ]);
    expect(await spine.log.redrive(query)).toEqual({ handled: 0, failed: 1 });
    expect(await spine.log.parked(query)).toMatchObject([{ failures: 6 }]);
    isBroken = false;
    expect(await spine.log.redrive(query)).toEqual({ handled: 1, failed: 0 });
    expect(await spine.log.redrive(query)).toEqual({ handled: 0, failed: 0 });
    expect(await notesOf(spine)).toEqual(["note.a", "note.b", "note.poison"]);
  });

  it("shows parked events to their own organization only", async () => {
    await using spine = await openSpine(open, { clock: hastyClock(50) });
    const handle = (): Promise<void> => Promise.reject(new TypeError("never"));
    await spine.log.registerConsumer(consumer({ handle, fromStart: true }));
    await emitOne(spine, "note.created");
    await spine.log.start();
    await spine.log.drained();
    expect(await spine.log.parked({ organization: "globex", limit: 10 })).toEqual([]);
    expect(await spine.log.parked({ ...acme, limit: 10 })).toHaveLength(1);
  });
}
