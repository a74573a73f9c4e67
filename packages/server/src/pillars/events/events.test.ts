import { describe, expect, it } from "vitest";
import { Type } from "typebox";
import { definePlugin } from "portico/kernel";
import { createTestApp, factories } from "portico/testing";
import { events } from "./index.ts";

interface Accepted {
  readonly id: string;
  readonly status: string;
}

interface Page {
  readonly data: readonly { readonly id: string; readonly type: string; readonly data: unknown }[];
  readonly next: string | null;
}

const plugins = [events];
const paid = { type: "invoice.paid", data: { total: 4_200 }, subject: "inv_1" };

function code(reply: { json(): unknown }): string {
  return (reply.json() as { code: string }).code;
}

describe("POST /events", () => {
  it("202: stores exactly the event, as the caller's own, and answers its id", async () => {
    await using app = await createTestApp({ plugins });
    const reply = await app
      .as({ permissions: ["events:write"], subject: "key_1" })
      .post("/events", {
        ...paid,
        key: "acme",
        channels: ["billing"],
      });
    expect(reply.status).toBe(202);
    const accepted = reply.json() as Accepted;
    expect(accepted).toEqual({ id: expect.stringMatching(/^evt_/), status: "accepted" });
    const seen = await app.events();
    expect(seen).toHaveLength(1);
    expect(seen[0]?.event).toMatchObject({
      id: accepted.id,
      type: "invoice.paid",
      subject: "inv_1",
      key: "acme",
      channels: ["billing"],
      actor: "key_1",
      cause: reply.headers["x-request-id"],
    });
  });

  it("keeps the bytes of data as they were sent, and shows their numbers as they were written", async () => {
    await using app = await createTestApp({ plugins });
    const data = '{ "z": 1.0, "a":12345678901234567890,\n "2":[1e3,-0], "1":"\\u00e9" }';
    const body = `{"data": ${data} ,"type":"a.b"}`;
    const { headers } = app.as();
    const sent = await app.inject({
      method: "POST",
      url: "/api/v1/events",
      headers: { ...headers, "content-type": "application/json" },
      body,
    });
    expect(sent.status).toBe(202);
    const [seen] = await app.events();
    expect(new TextDecoder().decode(seen?.event.data)).toBe(data);
    const { id } = sent.json() as Accepted;
    const shown = await app.as().get(`/events/${id}`);
    expect(shown.text).toContain('"a":12345678901234567890');
    expect(shown.text).toContain("[1e3,-0]");
  });

  it("answers the same id for the same Idempotency-Key and stores one event", async () => {
    await using app = await createTestApp({ plugins });
    const client = app.as();
    const key = { "idempotency-key": "order-17" };
    const first = await client.post("/events", paid, key);
    const second = await client.post("/events", paid, key);
    expect(second.json()).toEqual(first.json());
    const other = await client.post("/events", { ...paid, data: 1 }, key);
    expect(other.status).toBe(422);
    expect(await app.events()).toHaveLength(1);
  });

  it.each([
    ["no type", { data: 1 }, "/type"],
    ["no data", { type: "a.b" }, "/data"],
    ["a type with a space", { type: "a b", data: 1 }, "/type"],
    ["a type that ends with a dot", { type: "a.", data: 1 }, "/type"],
    ["an unknown member", { ...paid, extra: 1 }, "/extra"],
  ])("422: refuses %s, says where, and stores nothing", async (_what, body, pointer) => {
    await using app = await createTestApp({ plugins });
    const reply = await app.as().post("/events", body);
    expect(reply.status).toBe(422);
    expect(reply.json()).toMatchObject({ errors: [{ pointer }] });
    expect(await app.events()).toEqual([]);
  });

  it("413: refuses data over the limit, telling both sizes", async () => {
    await using app = await createTestApp({
      plugins,
      settings: { events: { dataBytesMax: 1_024 } },
    });
    const reply = await app.as().post("/events", { type: "a.b", data: "x".repeat(1_023) });
    expect(reply.status).toBe(413);
    expect(code(reply)).toBe("events.dataTooLarge");
    expect(reply.text).toContain("1025 bytes; at most 1024");
    expect(await app.events()).toEqual([]);
  });

  it("422: refuses a type that a plugin declares, alone and in a batch: its reactions trust it", async () => {
    const user = definePlugin({
      id: "users",
      version: "1.0.0",
      engine: "^1",
      events: { "user.deleted": { description: "A user is gone.", data: Type.Object({}) } },
    });
    await using app = await createTestApp({ plugins: [events, user] });
    const forged = { type: "user.deleted", data: {}, subject: "user_1" };
    const alone = await app.as().post("/events", forged);
    const batch = await app.as().post("/events/batch", { events: [paid, forged] });
    expect([alone.status, code(alone)]).toEqual([422, "events.reservedType"]);
    expect([batch.status, code(batch)]).toEqual([422, "events.reservedType"]);
    expect(await app.events()).toEqual([]);
  });

  it("401 without a credential, 403 without events:write; nothing is stored", async () => {
    await using app = await createTestApp({ plugins });
    const bare = await app.inject({ method: "POST", url: "/api/v1/events", body: paid });
    expect(bare.status).toBe(401);
    const reader = await app.as({ permissions: ["events:read"] }).post("/events", paid);
    expect(reader.status).toBe(403);
    expect(await app.events()).toEqual([]);
  });
});

describe("POST /events/batch", () => {
  it("202: stores all in their order, byte for byte", async () => {
    await using app = await createTestApp({ plugins });
    const body = '{"events":[{"type":"a.one","data":1.0},{"data":{"b":2,"a":1},"type":"a.two"}]}';
    const reply = await app.inject({
      method: "POST",
      url: "/api/v1/events/batch",
      headers: { ...app.as().headers, "content-type": "application/json" },
      body,
    });
    expect(reply.status).toBe(202);
    const seen = await app.events();
    expect(reply.json()).toEqual({
      id: reply.headers["x-request-id"],
      status: "accepted",
      events: seen.map(({ event }) => event.id),
    });
    expect(seen.map(({ event }) => new TextDecoder().decode(event.data))).toEqual([
      "1.0",
      '{"b":2,"a":1}',
    ]);
  });

  it("stores none when one of them is refused", async () => {
    await using app = await createTestApp({
      plugins,
      settings: { events: { dataBytesMax: 1_024 } },
    });
    const batch = [paid, { type: "a.b", data: "x".repeat(2_000) }];
    const reply = await app.as().post("/events/batch", { events: batch });
    expect(reply.status).toBe(413);
    expect(await app.events()).toEqual([]);
  });

  it("takes 1,000 events and refuses 1,001", async () => {
    await using app = await createTestApp({ plugins });
    const many = (count: number): { events: unknown[] } => ({
      events: Array.from({ length: count }, (_, index) => ({ type: "a.b", data: index })),
    });
    expect((await app.as().post("/events/batch", many(1_001))).status).toBe(422);
    expect((await app.as().post("/events/batch", many(1_000))).status).toBe(202);
    expect((await app.events()).map(({ data }) => data)).toEqual(
      Array.from({ length: 1_000 }, (_, index) => index),
    );
  });
});

describe("GET /events", () => {
  it("pages from the newest to the oldest without loss or repetition, and tells no log position", async () => {
    await using app = await createTestApp({ plugins });
    const client = app.as();
    for (let index = 0; index < 5; index += 1)
      await client.post("/events", { ...paid, data: index });
    await app.events();
    const seen: unknown[] = [];
    let next: string | null = "";
    while (next !== null) {
      const query: string = next === "" ? "" : `&cursor=${encodeURIComponent(next)}`;
      const reply = await client.get(`/events?limit=2${query}`);
      expect(reply.text).not.toContain('"seq"');
      const page = reply.json() as Page;
      seen.push(...page.data.map(({ data }) => data));
      next = page.next;
    }
    expect(seen).toEqual([4, 3, 2, 1, 0]);
  });

  it("shows each of two organizations its own events, unchanged, and none of the other's", async () => {
    await using app = await createTestApp({ plugins });
    const make = factories("two organizations");
    const permissions = ["events:read", "events:write"];
    for (const caller of [make.caller({ permissions }), make.caller({ permissions })]) {
      const client = app.as(caller);
      const made = Array.from({ length: 40 }, () => make.event());
      expect((await client.post("/events/batch", { events: made })).status).toBe(202);
      await app.events(caller.organization);
      const { data } = (await client.get("/events?limit=200")).json() as Page;
      const shown = data.map(({ type, data }) => ({ type, data }));
      expect(shown.toReversed()).toEqual(made.map(({ type, data }) => ({ type, data })));
    }
  });

  it("narrows to a type, a beginning of types, and a subject", async () => {
    await using app = await createTestApp({ plugins });
    const client = app.as();
    await client.post("/events", paid);
    await client.post("/events", { type: "invoice.created", data: 0, subject: "inv_2" });
    await client.post("/events", { type: "user.created", data: 0, subject: "inv_1" });
    await app.events();
    const types = async (query: string): Promise<string[]> => {
      const page = (await client.get(`/events?${query}`)).json() as Page;
      return page.data.map(({ type }) => type);
    };
    expect(await types("type=invoice.paid")).toEqual(["invoice.paid"]);
    expect(await types("type=invoice.*&order=oldest")).toEqual(["invoice.paid", "invoice.created"]);
    expect(await types("subject=inv_1")).toEqual(["user.created", "invoice.paid"]);
  });

  it("400: refuses a cursor of another organization or other filters", async () => {
    await using app = await createTestApp({ plugins });
    const client = app.as();
    for (const data of [1, 2]) await client.post("/events", { ...paid, data });
    await app.events();
    const { next } = (await client.get("/events?limit=1")).json() as Page;
    const cursor = encodeURIComponent(next ?? "");
    const stranger = app.as({ organization: "other", permissions: ["*"] });
    expect((await stranger.get(`/events?limit=1&cursor=${cursor}`)).status).toBe(400);
    expect((await client.get(`/events?limit=1&subject=x&cursor=${cursor}`)).status).toBe(400);
  });
});

describe("GET /events/{id} and its thread", () => {
  it("404: an event of another organization is not there", async () => {
    await using app = await createTestApp({ plugins });
    const { id } = (await app.as().post("/events", paid)).json() as Accepted;
    await app.events();
    const stranger = app.as({ organization: "other", permissions: ["*"] });
    for (const path of [`/events/${id}`, `/events/${id}/thread`]) {
      expect((await app.as().get(path)).status).toBe(200);
      const reply = await stranger.get(path);
      expect(reply.status).toBe(404);
      expect(code(reply)).toBe("events.notFound");
    }
    expect(((await stranger.get("/events")).json() as Page).data).toEqual([]);
  });

  it("begins with the request, even when no log kept it", async () => {
    await using app = await createTestApp({ plugins });
    const sent = await app.as().post("/events", paid);
    const { id } = sent.json() as Accepted;
    await app.events();
    const { data } = (await app.as().get(`/events/${id}/thread`)).json() as { data: unknown };
    expect(data).toMatchObject([
      { kind: "request", id: sent.headers["x-request-id"], depth: 0 },
      { kind: "event", id, cause: sent.headers["x-request-id"], depth: 1 },
    ]);
  });
});
