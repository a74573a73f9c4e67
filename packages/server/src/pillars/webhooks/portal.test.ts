// What the holder of a portal link sees and changes: webhooks of one owner, and nothing else.
import { Type } from "typebox";
import { definePlugin, operation } from "portico/kernel";
import { createTestApp, describeStore, fakeClock } from "portico/testing";
import type { TestApp, TestAppOptions } from "portico/testing";
import { expect, it } from "vitest";
import { webhooks } from "./index.ts";
import { openReceiver } from "./receiver.fixture.ts";

const url = "http://127.0.0.1:8080/hook";

/** Of customer 1, by its channel. */
const sell = operation({
  id: "till.sell",
  method: "POST",
  path: "/sales",
  summary: "Emit an event",
  access: "caller",
  mode: "append",
  audit: "none",
  replies: { 202: Type.Object({ id: Type.String(), status: Type.String() }) },
  example: {},
  handle: ({ append }) => ({
    id: append.emit("shop.sold", { n: 1 }, { channels: ["cust_1"] }),
    status: "accepted",
  }),
});
const till = definePlugin({ id: "till", version: "1.0.0", engine: "^1", operations: [sell] });

function openTill(options: Omit<TestAppOptions, "plugins">): Promise<TestApp> {
  return createTestApp({ plugins: [till, webhooks], ...options });
}

interface Link {
  readonly id: string;
  readonly token: string;
  readonly url: string | null;
  readonly expiresAt: string;
}

async function linkFor(app: TestApp, owner: string, more: object = {}): Promise<Link> {
  const reply = await app.as().post("/webhooks/portal-links", { owner, ...more });
  if (reply.status !== 201) throw new TypeError(reply.text);
  return reply.json() as Link;
}

function holder(app: TestApp, { token }: Link) {
  return async (method: string, path: string, body?: unknown) =>
    await app.inject({
      method,
      url: `/api/v1${path}`,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body }),
    });
}

function code(reply: { json(): unknown }): string {
  return (reply.json() as { code: string }).code;
}

async function create(app: TestApp, body: object): Promise<string> {
  const reply = await app.as().post("/webhooks", { url, events: ["shop.*"], ...body });
  return (reply.json() as { id: string }).id;
}

describeStore("a portal link", (open) => {
  it("shows its owner's webhooks and no other, by list, id and slug, and those of another link likewise", async () => {
    await using database = await open();
    await using app = await openTill({ driver: database.driver });
    const mine = await create(app, { owner: "cust_1" });
    const theirs = await create(app, { owner: "cust_2", slug: "theirs" });
    const nobodys = await create(app, {});
    const send = holder(app, await linkFor(app, "cust_1"));
    const { data } = (await send("GET", "/webhooks")).json() as { data: { id: string }[] };
    expect(data.map(({ id }) => id)).toEqual([mine]);
    expect((await send("GET", "/webhooks?owner=cust_2")).json()).toMatchObject({ data: [] });
    expect((await send("GET", `/webhooks/${mine}`)).json()).toMatchObject({ owner: "cust_1" });
    const window = { since: "2000-01-01T00:00:00Z" };
    const attempts = [theirs, "theirs", nobodys].flatMap((id) => [
      send("GET", `/webhooks/${id}`),
      send("PATCH", `/webhooks/${id}`, { description: "mine now" }),
      send("DELETE", `/webhooks/${id}`),
      send("POST", `/webhooks/${id}/enable`),
      send("POST", `/webhooks/${id}/disable`),
      send("POST", `/webhooks/${id}/test`, {}),
      send("POST", `/webhooks/${id}/rotate-secret`, {}),
      send("POST", `/webhooks/${id}/recover`, window),
      send("POST", `/webhooks/${id}/deliver-missing`, window),
      send("POST", `/webhooks/${id}/replay`, { filter: window }),
      send("POST", `/webhooks/${mine}/replay`, { filter: window, to: id }),
      send("POST", "/deliveries/retry", { webhook: id }),
      send("GET", `/webhooks/${id}/events`),
      send("GET", `/webhooks/${id}/deliveries`),
    ]);
    const replies = await Promise.all(attempts);
    expect(replies.map((reply) => [reply.status, code(reply)])).toEqual(
      replies.map(() => [404, "webhooks.notFound"]),
    );
    expect((await app.as().get(`/webhooks/${theirs}`)).json()).toMatchObject({
      revision: 1,
      description: "",
    });
  });

  it("creates and changes webhooks that are its owner's, whatever the body says", async () => {
    await using database = await open();
    await using app = await openTill({ driver: database.driver });
    const send = holder(app, await linkFor(app, "cust_1"));
    const made = await send("POST", "/webhooks", { url, events: ["*"], owner: "cust_2" });
    expect(made.json()).toMatchObject({ owner: "cust_1" });
    const { id } = made.json() as { id: string };
    const changed = await send("PATCH", `/webhooks/${id}`, { owner: null, description: "x" });
    expect(changed.json()).toMatchObject({ owner: "cust_1", description: "x" });
    const audit = await app.spine.auditor.list({ organization: "default", limit: 10 });
    expect(audit.map(({ actor }) => actor)).toContain("portal:cust_1");
  });

  it("subscribes to events of its owner's channel alone, live or replayed, however wide it asks", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openTill({ driver: database.driver });
    const sold = ((await app.as().post("/sales")).json() as { id: string }).id;
    const send = holder(app, await linkFor(app, "cust_2"));
    const body = { url: receiver.url, events: ["*"], channels: ["cust_1"] };
    const made = await send("POST", "/webhooks", body);
    expect(made.json()).toMatchObject({ channels: ["cust_2"] });
    const { id } = made.json() as { id: string };
    expect((await send("PATCH", `/webhooks/${id}`, { channels: [] })).json()).toMatchObject({
      channels: ["cust_2"],
    });
    // The application's own choice was wide; its customer's change binds it.
    const wide = await create(app, { owner: "cust_2", url: receiver.url, events: ["none"] });
    expect((await send("PATCH", `/webhooks/${wide}`, { events: ["*"] })).json()).toMatchObject({
      channels: ["cust_2"],
    });
    await app.as().post("/sales");
    await app.settled();
    const filter = { since: "2000-01-01T00:00:00Z" };
    for (const webhook of [id, wide]) {
      expect((await send("POST", `/webhooks/${webhook}/replay`, { filter })).status).toBe(202);
      await app.settled();
      expect((await send("POST", `/webhooks/${webhook}/deliver-missing`, filter)).status).toBe(202);
      await app.settled();
    }
    expect(receiver.received).toEqual([]);
    const own = holder(app, await linkFor(app, "cust_1"));
    const one = (await own("POST", "/webhooks", { url: receiver.url, events: ["*"] })).json() as {
      id: string;
    };
    await own("POST", `/webhooks/${one.id}/replay`, { filter });
    await app.settled();
    expect(receiver.received.map(({ headers }) => headers["webhook-id"])).toContain(sold);
  });

  it("shows deliveries of its owner's webhooks and delivers them again, and no other's", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openTill({ driver: database.driver });
    const mine = await create(app, { owner: "cust_1", url: receiver.url });
    const theirs = await create(app, { owner: "cust_2", url: receiver.url });
    await app.as().post("/sales");
    await app.settled();
    const send = holder(app, await linkFor(app, "cust_1"));
    const deliveryOf = async (id: string): Promise<string> => {
      const { data } = (await app.as().get(`/webhooks/${id}/deliveries`)).json() as {
        data: { id: string }[];
      };
      return data[0]?.id ?? "";
    };
    const [own, foreign] = [await deliveryOf(mine), await deliveryOf(theirs)];
    expect((await send("GET", `/deliveries/${own}`)).json()).toMatchObject({ state: "delivered" });
    expect((await send("POST", `/deliveries/${own}/retry`)).status).toBe(202);
    for (const reply of [
      await send("GET", `/deliveries/${foreign}`),
      await send("POST", `/deliveries/${foreign}/retry`),
    ])
      expect([reply.status, code(reply)]).toEqual([404, "webhooks.deliveryNotFound"]);
    const { id: event } = (await app.as().post("/sales")).json() as { id: string };
    const body = { filter: { path: "type", exists: true }, eventIds: [event] };
    expect(code(await send("POST", "/webhooks/test-filter", body))).toBe("webhooks.unknownEvent");
  });

  it("retries the failed deliveries of its owner and of nobody else", async () => {
    await using receiver = await openReceiver((response) => response.writeHead(500).end());
    await using database = await open();
    const settings = { webhooks: { retryWaitsMs: [], pauseAfterFailures: 0 } };
    await using app = await openTill({ driver: database.driver, settings });
    const mine = await create(app, { owner: "cust_1", url: receiver.url });
    const theirs = await create(app, { owner: "cust_2", url: receiver.url });
    await app.as().post("/sales");
    await app.settled();
    receiver.behave = (response) => response.writeHead(204).end();
    const send = holder(app, await linkFor(app, "cust_1"));
    expect((await send("POST", "/deliveries/retry", {})).status).toBe(202);
    await app.settled();
    const states = async (id: string): Promise<unknown> =>
      (await app.as().get(`/webhooks/${id}/deliveries`)).json();
    expect(await states(mine)).toMatchObject({ data: [{ state: "delivered" }] });
    expect(await states(theirs)).toMatchObject({ data: [{ state: "exhausted" }] });
  });

  it("reaches nothing else of the server, neither with nor without a permission for it", async () => {
    await using database = await open();
    await using app = await openTill({ driver: database.driver });
    const send = holder(app, await linkFor(app, "cust_1"));
    for (const [method, path, body] of [
      ["POST", "/sales", undefined],
      ["POST", "/webhooks/portal-links", { owner: "cust_2" }],
      ["POST", "/webhooks/portal-links/revoke", { owner: "cust_2" }],
    ] as const) {
      const reply = await send(method, path, body);
      expect([reply.status, code(reply)]).toEqual([403, "access.restricted"]);
    }
    const { token } = await linkFor(app, "cust_1");
    const asked = { headers: { authorization: `Bearer ${token}` }, remoteAddress: "127.0.0.1" };
    await expect(
      Promise.resolve(app.context("webhooks").access.identify(asked)),
    ).rejects.toMatchObject({
      code: "access.restricted",
    });
  });

  it("names no webhook by a slug, which the application may go by, and learns of none", async () => {
    await using database = await open();
    await using app = await openTill({ driver: database.driver });
    await create(app, { slug: "billing" });
    const send = holder(app, await linkFor(app, "cust_1"));
    for (const slug of ["billing", "free"]) {
      const reply = await send("POST", "/webhooks", { url, events: ["*"], slug });
      expect([reply.status, code(reply)]).toEqual([422, "webhooks.slugNotYours"]);
    }
    expect((await app.as().get("/webhooks/free")).status).toBe(404);
  });

  it("creates so many webhooks and no more, and uses up nobody else's", async () => {
    await using database = await open();
    const settings = { webhooks: { ownerWebhooksMax: 1 } };
    await using app = await openTill({ driver: database.driver, settings });
    await create(app, { owner: "cust_2" });
    const send = holder(app, await linkFor(app, "cust_1"));
    const body = { url, events: ["*"] };
    expect((await send("POST", "/webhooks", body)).status).toBe(201);
    const reply = await send("POST", "/webhooks", body);
    expect([reply.status, code(reply)]).toEqual([422, "webhooks.tooManyOfOwner"]);
    // The application itself is not held to it.
    expect(await create(app, { owner: "cust_1" })).toMatch(/^webhook_/);
  });

  it("sends the application's credentials to no URL of its holder's choice", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openTill({ driver: database.driver });
    const auth = { type: "bearer", token: "of-the-application" };
    const withAuth = await create(app, { owner: "cust_1", auth });
    const withHeaders = await create(app, { owner: "cust_1", headers: { "x-api-key": "k" } });
    const plain = await create(app, { owner: "cust_1" });
    const send = holder(app, await linkFor(app, "cust_1"));
    for (const id of [withAuth, withHeaders]) {
      const reply = await send("PATCH", `/webhooks/${id}`, { url: receiver.url });
      expect([reply.status, code(reply)]).toEqual([422, "webhooks.credentialsElsewhere"]);
      expect((await send("PATCH", `/webhooks/${id}`, { url })).status).toBe(200);
      const anew = { url: receiver.url, auth: null, headers: {} };
      expect((await send("PATCH", `/webhooks/${id}`, anew)).status).toBe(200);
      await send("POST", `/webhooks/${id}/test`, {});
    }
    expect(receiver.received).toHaveLength(2);
    for (const { headers } of receiver.received) {
      expect(headers).not.toHaveProperty("authorization");
      expect(headers).not.toHaveProperty("x-api-key");
    }
    const moved = await send("PATCH", `/webhooks/${plain}`, { url: receiver.url });
    expect(moved.status).toBe(200);
  });

  it("is refused to whoever has nothing to hand on", async () => {
    await using app = await openTill({});
    const writer = app.as({ permissions: ["webhooks:write"] });
    const reply = await writer.post("/webhooks/portal-links", { owner: "a", readOnly: true });
    expect([reply.status, code(reply)]).toEqual([403, "access.forbidden"]);
  });

  it("that is for reading changes nothing", async () => {
    await using database = await open();
    await using app = await openTill({ driver: database.driver });
    const id = await create(app, { owner: "cust_1" });
    const send = holder(app, await linkFor(app, "cust_1", { readOnly: true }));
    expect((await send("GET", `/webhooks/${id}`)).status).toBe(200);
    expect((await send("POST", `/webhooks/${id}/disable`)).status).toBe(403);
  });

  it("ends at its time, and at once when its owner's links are revoked; another owner's stays", async () => {
    await using database = await open();
    const clock = fakeClock();
    await using app = await openTill({ driver: database.driver, clock });
    const short = holder(app, await linkFor(app, "cust_1", { expiresInMs: 60_000 }));
    const long = holder(app, await linkFor(app, "cust_1"));
    const other = holder(app, await linkFor(app, "cust_2"));
    const statuses = async (): Promise<number[]> => {
      const all = [];
      for (const send of [short, long, other]) all.push((await send("GET", "/webhooks")).status);
      return all;
    };
    expect(await statuses()).toEqual([200, 200, 200]);
    await clock.advance(60_000);
    expect(await statuses()).toEqual([401, 200, 200]);
    await app.as().post("/webhooks/portal-links/revoke", { owner: "cust_1" });
    expect(await statuses()).toEqual([401, 401, 200]);
  });

  it("is of its organization: the same owner of another is somebody else", async () => {
    await using database = await open();
    await using app = await openTill({ driver: database.driver });
    const id = await create(app, { owner: "cust_1" });
    const stranger = app.as({ organization: "other", permissions: ["*"] });
    const link = (
      await stranger.post("/webhooks/portal-links", { owner: "cust_1" })
    ).json() as Link;
    const send = holder(app, link);
    expect((await send("GET", "/webhooks")).json()).toEqual({ data: [], next: null });
    expect((await send("GET", `/webhooks/${id}`)).status).toBe(404);
    await stranger.post("/webhooks/portal-links/revoke", { owner: "cust_1" });
    const own = holder(app, await linkFor(app, "cust_1"));
    expect((await own("GET", `/webhooks/${id}`)).status).toBe(200);
  });

  it("is stored hashed, shown once, and leads to the operator's page where one is set", async () => {
    await using database = await open();
    const settings = { webhooks: { portalUrl: "https://app.example/hooks" } };
    await using app = await openTill({ driver: database.driver, settings });
    const key = { "idempotency-key": "one" };
    const first = await app.as().post("/webhooks/portal-links", { owner: "a" }, key);
    const link = first.json() as Link;
    expect(link.url).toBe(`https://app.example/hooks#token=${link.token}`);
    const second = await app.as().post("/webhooks/portal-links", { owner: "a" }, key);
    expect(second.json()).toEqual({ ...link, token: null, url: null });
    const { rows } = await database.driver.query({
      sql: "select * from tokens_tokens",
      parameters: [],
    });
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(link.token.slice(4));
  });

  it("422 for a life that is too long or an owner that is no text", async () => {
    await using app = await openTill({});
    for (const body of [
      { owner: "a", expiresInMs: 86_400_001 },
      { owner: "" },
      { owner: "a\nb" },
      { owner: "a".repeat(129) },
    ])
      expect((await app.as().post("/webhooks/portal-links", body)).status).toBe(422);
  });
});
