import { Type } from "typebox";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { operation } from "../contract/index.ts";
import { statement } from "../store/index.ts";
import { fakeClock, type FakeClock } from "../testing/fake-clock.ts";
import { fingerprintOf, Idempotency, readIdempotencyKey } from "./idempotency.ts";
import type { InjectReply } from "./options.ts";
import {
  countNotes,
  createNote,
  raiseNote,
  testServer,
  type TestServer,
} from "./test-server.fixture.ts";

interface NoteTables {
  notes_notes: { id: string; text: string };
}
const insertNote = statement<{ id: string; text: string }, NoteTables>(
  "notes.insert",
  (db, param) => db.insertInto("notes_notes").values({ id: param("id"), text: param("text") }),
);
const appendNote = operation({
  id: "notes.append",
  method: "POST",
  path: "/notes/append",
  summary: "Append",
  access: "notes:write",
  mode: "append",
  idempotent: true,
  audit: "none",
  body: Type.Object({ text: Type.String(), id: Type.Optional(Type.String()) }),
  replies: { 202: Type.Object({ id: Type.String(), status: Type.String() }) },
  errors: ["notes.taken"],
  example: { body: { text: "Hi" } },
  handle({ body, append, ctx }) {
    const id = body.id ?? ctx.makeId("note");
    append.write(insertNote, { id, text: body.text }, 1);
    if (body.text === "refused") throw raiseNote("notes.taken");
    return { id, status: "accepted" };
  },
});

let clock: FakeClock;
let server: TestServer;
beforeEach(async () => {
  clock = fakeClock();
  server = await testServer({ clock, operations: [createNote, appendNote] });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

describe.each(["/notes", "/notes/append"])("POST %s", (path) => {
  const send = (body: unknown, { key = "k1", subject = "key_1" } = {}): Promise<InjectReply> =>
    server.send({
      method: "POST",
      path: `/api/v1${path}`,
      headers: { "x-test": `${subject} notes:write`, "idempotency-key": key },
      body,
    });

  test("the same request with the same key takes effect once and is answered alike", async () => {
    const first = await send({ text: "Hi" });
    const again = await send({ text: "Hi" });
    expect(again.status).toBe(first.status);
    expect(again.headers["idempotency-replayed"]).toBe("true");
    expect(first.headers["idempotency-replayed"]).toBeUndefined();
    expect(again.json()).toMatchObject({ id: (first.json() as { id: string }).id });
    expect(await countNotes(server)).toBe(1);
  });

  test("twins at one moment take effect once and get one answer", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => send({ text: "Hi" })));
    expect(new Set(answers.map((answer) => (answer.json() as { id: string }).id)).size).toBe(1);
    expect(await countNotes(server)).toBe(1);
  });

  test("another body under the same key is 422 and changes nothing", async () => {
    await send({ text: "Hi" });
    const other = await send({ text: "Ho" });
    expect(other.json()).toMatchObject({ status: 422, code: "request.idempotencyReuse" });
    expect(await countNotes(server)).toBe(1);
  });

  test("the key of one caller or organization is not the key of another", async () => {
    await send({ text: "Hi" });
    await send({ text: "Hi" }, { subject: "key_2" });
    await send({ text: "Hi" }, { subject: "key_1@other" });
    expect(await countNotes(server)).toBe(3);
  });

  test("a refusal is not kept: the same key may be tried again", async () => {
    const text = path === "/notes" ? "a".repeat(101) : "refused";
    expect((await send({ text })).status).toBeGreaterThanOrEqual(400);
    expect((await send({ text: "Hi" })).status).toBeLessThan(300);
  });

  test("after a day the key is free again, and purge has deleted its row", async () => {
    await send({ text: "Hi" });
    await clock.advance(24 * 3_600_000 + 1);
    expect((await send({ text: "Ho" })).status).toBeLessThan(300);
    expect(await countNotes(server)).toBe(2);
  });

  test("an empty or unprintable key is 400", async () => {
    expect((await send({ text: "Hi" }, { key: "a b" })).json()).toMatchObject({
      code: "request.idempotencyKey",
    });
    expect(await countNotes(server)).toBe(0);
  });
});

test("fields shown once are null in a replay", async () => {
  const request = {
    method: "POST",
    path: "/api/v1/notes",
    headers: { "x-test": "key_1 notes:write", "idempotency-key": "k1" },
    body: { text: "Hi" },
  };
  expect((await server.send(request)).json()).toMatchObject({ secret: "once" });
  const again = await server.send(request);
  expect(again.json()).toMatchObject({ text: "Hi", secret: null });
  expect(again.text).not.toContain("undeclared");
  const { rows } = await server.driver.query({
    sql: "select body from http_idempotency",
    parameters: [],
  });
  expect(JSON.stringify(rows)).not.toContain("once");
});

test("a conflict of the operation's own is not taken for a replay", async () => {
  const send = (key: string): Promise<InjectReply> =>
    server.send({
      method: "POST",
      path: "/api/v1/notes/append",
      headers: { "x-test": "key_1 notes:write", "idempotency-key": key },
      body: { text: "Hi", id: "same" },
    });
  expect((await send("k1")).status).toBe(202);
  expect((await send("k2")).json()).toMatchObject({ status: 409, code: "store.conflict" });
});

test("a twin that waits two seconds in vain is 409 and may try again", async () => {
  const idempotency = new Idempotency({} as never, clock);
  const request = {
    organization: "default",
    subject: "key_1",
    operation: "notes.create",
    key: "k1",
    keptMs: 86_400_000,
    fingerprint: "f",
  };
  const first = Promise.withResolvers<string>();
  const running = idempotency.alone(request, () => first.promise);
  const twin = idempotency.alone(request, () => Promise.resolve("second"));
  const [outcome] = await Promise.all([Promise.allSettled([twin]), clock.advance(2_000)]);
  expect(outcome).toMatchObject([{ reason: { code: "request.inProgress" } }]);
  first.resolve("first");
  expect(await running).toBe("first");
  expect(await idempotency.alone(request, () => Promise.resolve("third"))).toBe("third");
});

test("where the bytes are kept, two bodies that parse alike are two requests", async () => {
  const keep = {
    ...appendNote,
    id: "notes.keep",
    path: "/notes/keep",
    keepsBytes: true,
  };
  await using keeping = await testServer({ operations: [keep] });
  const send = (text: string): Promise<InjectReply> =>
    keeping.send({
      method: "POST",
      path: "/api/v1/notes/keep",
      headers: {
        "x-test": "key_1 notes:write",
        "idempotency-key": "k",
        "content-type": "application/json",
      },
      body: Buffer.from(text),
    });
  const first = await send(`{"text":"a","amount":9007199254740992}`);
  expect(first.status).toBe(202);
  const twin = await send(`{"text":"a","amount":9007199254740993}`);
  expect([twin.status, twin.json()]).toMatchObject([422, { code: "request.idempotencyReuse" }]);
  expect((await send(`{"text":"a","amount":9007199254740992}`)).json()).toEqual(first.json());
});

test("purge deletes rows older than a day, and no younger one", async () => {
  const send = (key: string): Promise<InjectReply> =>
    server.send({
      method: "POST",
      path: "/api/v1/notes",
      headers: { "x-test": "key_1 notes:write", "idempotency-key": key },
      body: { text: "Hi" },
    });
  await send("old");
  await clock.advance(12 * 3_600_000);
  await send("young");
  await clock.advance(12 * 3_600_000 + 1);
  const idempotency = new Idempotency({ driver: server.driver } as never, clock);
  expect(await idempotency.purge()).toBe(1);
  expect((await send("young")).headers["idempotency-replayed"]).toBe("true");
});

test("the fingerprint does not see the order of keys, and sees everything else", () => {
  const one = fingerprintOf([{}, { a: 1, b: [{ c: 1, d: 2 }] }]);
  expect(fingerprintOf([{}, { b: [{ d: 2, c: 1 }], a: 1 }])).toBe(one);
  expect(fingerprintOf([{}, { a: 1, b: [{ c: 1, d: 3 }] }])).not.toBe(one);
  expect(fingerprintOf([{ a: 1 }, { b: [{ c: 1, d: 2 }] }])).not.toBe(one);
});

test.each([
  ["8e03978e-40d5", "8e03978e-40d5"],
  ['"8e03978e-40d5"', "8e03978e-40d5"],
  [String.raw`"a\"b\\c"`, String.raw`a"b\c`],
])("the header %s is the key %s", (header, key) => {
  expect(readIdempotencyKey(header)).toBe(key);
});
