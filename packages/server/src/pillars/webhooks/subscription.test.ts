// Which events reach which webhook: by channel, by content, by owner, and one event for very many of them.
import { Buffer } from "node:buffer";
import type { Kysely } from "kysely";
import { Type } from "typebox";
import { definePlugin, operation } from "portico/kernel";
import { createTestApp, describeStore } from "portico/testing";
import type { TestApp, TestAppOptions } from "portico/testing";
import { expect, it } from "vitest";
import { webhooks } from "./index.ts";
import { openReceiver } from "./receiver.fixture.ts";
import { deliveriesOf, emit, openShop, subscribe } from "./shop.fixture.ts";

const publish = operation({
  id: "stage.publish",
  method: "POST",
  path: "/stage",
  summary: "Emit an event with channels",
  access: "caller",
  mode: "append",
  audit: "none",
  body: Type.Object({ channels: Type.Array(Type.String()), data: Type.String() }),
  replies: { 202: Type.Object({ id: Type.String(), status: Type.String() }) },
  example: { body: { channels: [], data: "{}" } },
  handle: ({ body, append }) => ({
    id: append.emit("shop.sold", Buffer.from(body.data), { channels: body.channels }),
    status: "accepted",
  }),
});

const stage = definePlugin({ id: "stage", version: "1.0.0", engine: "^1", operations: [publish] });

function openStage(options: Omit<TestAppOptions, "plugins">): Promise<TestApp> {
  return createTestApp({ plugins: [stage, webhooks], ...options });
}

async function publishTo(app: TestApp, channels: string[], data = "{}"): Promise<string> {
  return ((await app.as().post("/stage", { channels, data })).json() as { id: string }).id;
}

async function eventsOf(app: TestApp, webhook: string): Promise<string[]> {
  return (await deliveriesOf(app.as(), webhook)).map(({ event }) => event).toReversed();
}

describeStore("a subscription", (open) => {
  it("with channels is sent what carries one of them, and without whatever comes", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openStage({ driver: database.driver });
    const narrow = await subscribe(app, receiver.url, { channels: ["eu", "us"] });
    const wide = await subscribe(app, receiver.url);
    const eu = await publishTo(app, ["eu", "x"]);
    const none = await publishTo(app, []);
    const other = await publishTo(app, ["EU"]);
    await app.settled();
    expect(await eventsOf(app, narrow.id)).toEqual([eu]);
    expect(await eventsOf(app, wide.id)).toEqual([eu, none, other]);
  });

  it("with a filter is sent what it lets through, judged by the stored data", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openStage({ driver: database.driver });
    const filter = {
      and: [
        { path: "data.amount", gte: 100 },
        { path: "data.test", ne: true },
      ],
    };
    const { id } = await subscribe(app, receiver.url, { filter });
    await publishTo(app, [], '{"amount":99}');
    const great = await publishTo(app, [], '{"amount":100.0}');
    await publishTo(app, [], '{"amount":100,"test":true}');
    await publishTo(app, [], "not json");
    await app.settled();
    expect(await eventsOf(app, id)).toEqual([great]);
    expect(JSON.parse(receiver.received[0]?.body ?? "")).toMatchObject({ data: { amount: 100 } });
  });

  it("that is changed holds for what is accepted after the answer", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openStage({ driver: database.driver });
    const { id } = await subscribe(app, receiver.url, { channels: ["a"] });
    // Kept in memory by now.
    const first = await publishTo(app, ["a"]);
    await app.settled();
    await app.as().patch(`/webhooks/${id}`, { channels: ["b"] });
    await publishTo(app, ["a"]);
    const second = await publishTo(app, ["b"]);
    await app.settled();
    await app.as().patch(`/webhooks/${id}`, { filter: { path: "data.n", eq: 1 } });
    await publishTo(app, ["b"]);
    const third = await publishTo(app, ["b"], '{"n":1}');
    await app.settled();
    await app.as().post(`/webhooks/${id}/disable`);
    const held = await publishTo(app, ["b"], '{"n":1}');
    await app.settled();
    const all = await deliveriesOf(app.as(), id);
    expect(all.map(({ event, state }) => [event, state])).toEqual([
      [held, "held"],
      [third, "delivered"],
      [second, "delivered"],
      [first, "delivered"],
    ]);
  });

  it("is read when it was changed, and not again for every event", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    const { driver } = database;
    let reads = 0;
    const isRead = (sql: string): boolean =>
      /^select .*"fromSeq".* from "webhooks_webhooks"/.test(sql);
    const counted = {
      ...driver,
      query: (statement: Parameters<typeof driver.query>[0]) => {
        if (isRead(statement.sql)) reads += 1;
        return driver.query(statement);
      },
    } as typeof driver;
    await using app = await openStage({ driver: counted });
    const { id } = await subscribe(app, receiver.url, { channels: ["a"] });
    await app.settled();
    for (let n = 0; n < 5; n += 1) {
      await publishTo(app, ["b"]);
      await app.settled();
    }
    expect(reads).toBe(1);
    await app.as().patch(`/webhooks/${id}`, { channels: ["b"] });
    await publishTo(app, ["b"]);
    await app.settled();
    expect(receiver.received).toHaveLength(1);
    expect(reads).toBeLessThanOrEqual(3);
  });

  it("422 for a filter that cannot be used, with the place of each mistake, and nothing is stored", async () => {
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const filter = { or: [{ path: "type", eq: "a" }, { path: "secret", eq: 1 }, { path: "type" }] };
    const body = { url: "https://example.com/", events: ["*"], filter };
    const refused = await app.as().post("/webhooks", body);
    expect([refused.status, refused.json()]).toMatchObject([
      422,
      { code: "webhooks.badFilter", errors: [{ pointer: "/or/1/path" }, { pointer: "/or/2" }] },
    ]);
    expect((await app.as().get("/webhooks")).json()).toEqual({ data: [], next: null });
  });

  it("is one of so many as the operator allows", async () => {
    await using database = await open();
    const settings = { webhooks: { webhooksMax: 2 } };
    await using app = await openShop({ driver: database.driver, settings });
    const body = { url: "https://example.com/", events: ["*"] };
    for (const status of [201, 201, 422])
      expect((await app.as().post("/webhooks", body)).status).toBe(status);
    const other = app.as({ organization: "other", permissions: ["*"] });
    expect((await other.post("/webhooks", body)).status).toBe(201);
  });
});

describeStore("one event for more webhooks than a transaction should write", (open) => {
  it("is handed to each once, in pieces, and what comes behind it keeps its place", async () => {
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const organization = "default";
    const ctx = app.context("webhooks");
    // Held: a thousand requests would only take time.
    await insertWebhooks(app, 1_100);
    const first = await emit(app);
    const second = await emit(app, "shop.sold", '{"n":2}');
    await app.settled();
    const rows = await ctx.store
      .read({ organization })
      .db<{ webhooks_deliveries: { webhook: string; position: number; event: string } }>()
      .selectFrom("webhooks_deliveries")
      .select(["webhook", "position", "event"])
      .orderBy("webhook")
      .orderBy("position")
      .execute();
    expect(rows).toHaveLength(2_200);
    const bad = rows.filter(
      ({ position, event }, index) =>
        position !== (index % 2) + 1 || event !== (index % 2 === 0 ? first : second),
    );
    expect(bad).toEqual([]);
    const left = await app.spine.hub.driver.query({
      sql: "select count(*) as n from webhooks_backlog",
      parameters: [],
    });
    expect(Number(left.rows[0]?.["n"])).toBe(0);
  });

  it("is overtaken by nothing that comes while it waits, however few want it", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openStage({ driver: database.driver });
    const { id } = await subscribe(app, receiver.url);
    await app.settled();
    const ctx = app.context("webhooks");
    // As if what waits had not been reached by its job yet.
    const first = await publishTo(app, []);
    const [seen] = await ctx.log.page({ organization: "default", types: ["shop.*"], limit: 1 });
    await app.settled();
    const db = (tx: { db<TTables extends object>(): Kysely<TTables> }) =>
      tx.db<{ webhooks_backlog: { seq: number; event: string; after: string } }>();
    const scope = { organization: "default" };
    const row = { seq: seen?.seq ?? 0, event: first, after: "" };
    const origin = ctx.newOrigin("test");
    await ctx.store.transaction({ scope, origin }, async (tx) => {
      await db(tx).insertInto("webhooks_backlog").values(row).execute();
    });
    const second = await publishTo(app, []);
    await app.spine.log.drained();
    const waiting = await db(ctx.store.read(scope))
      .selectFrom("webhooks_backlog")
      .select("event")
      .orderBy("seq")
      .execute();
    // Its job may have handed on both by now; what it never finds is the second alone before the first.
    expect([[first, second], [second], []]).toContainEqual(waiting.map(({ event }) => event));
    await app.settled();
    expect(await eventsOf(app, id)).toEqual([first, second]);
    expect(receiver.received).toHaveLength(2);
  });

  it("writes at most 500 deliveries in one transaction", async () => {
    await using database = await open();
    const { driver } = database;
    const sizes: number[] = [];
    const counted = {
      ...driver,
      transaction: (run: Parameters<typeof driver.transaction>[0]) =>
        driver.transaction(async (tx) => {
          let size = 0;
          const value = await run({
            ...tx,
            execute: async (statement) => {
              const result = await tx.execute(statement);
              if (statement.sql.startsWith('insert into "webhooks_deliveries"'))
                size += result.changes;
              return result;
            },
          });
          sizes.push(size);
          return value;
        }),
    };
    await using app = await openShop({
      driver: counted as unknown as typeof driver,
      runTwice: false,
    });
    await insertWebhooks(app, 1_100);
    await emit(app);
    await app.settled();
    const written = sizes.filter((size) => size > 0);
    expect(written.reduce((sum, size) => sum + size, 0)).toBe(1_100);
    expect(Math.max(...written)).toBeLessThanOrEqual(500);
  });
});

/** Disabled webhooks for everything, put there at once. */
async function insertWebhooks(app: TestApp, many: number): Promise<void> {
  const ctx = app.context("webhooks");
  const origin = ctx.newOrigin("test");
  const ids = Array.from({ length: many }, () => ctx.makeId("webhook"));
  await ctx.store.transaction({ scope: { organization: "default" }, origin }, async (tx) => {
    for (let start = 0; start < many; start += 100) {
      const values = ids.slice(start, start + 100).map((id) => ({
        id,
        url: "https://example.com/",
        events: '["shop.*"]',
        description: "",
        secret: "",
        headers: "",
        headerNames: "[]",
        isActive: 0,
        fromSeq: 0,
        createdAt: 1,
        updatedAt: 1,
      }));
      await tx
        .db<{ webhooks_webhooks: (typeof values)[number] }>()
        .insertInto("webhooks_webhooks")
        .values(values)
        .execute();
    }
    tx.changed("webhooks.webhook", ids[0] ?? "");
  });
}
