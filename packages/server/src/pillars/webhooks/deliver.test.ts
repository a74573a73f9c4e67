import type { ServerResponse } from "node:http";
import { Webhook } from "standardwebhooks";
import { expect, it } from "vitest";
import { Timeline } from "portico/kernel";
import { describeStore } from "portico/testing";
import { webhooks } from "./index.ts";
import { accept, answer, openReceiver } from "./receiver.fixture.ts";
import { deliveriesOf, emit, openShop, subscribe, typesOf } from "./shop.fixture.ts";

describeStore("a delivery", (open) => {
  it("carries the exact bytes of data under a signature that the standardwebhooks library accepts", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id: webhook, secret } = await subscribe(app, receiver.url, {
      headers: { "x-api-key": "k" },
    });
    const data = '{ "z":1.0, "a":12345678901234567890,\n"s":"Dydd da 🦊" }';
    const event = await emit(app, "shop.sold", data);
    await app.settled();
    expect(receiver.received).toHaveLength(1);
    const [{ body, headers } = { body: "", headers: {} }] = receiver.received;
    expect(body.startsWith(`{"id":"${event}","type":"shop.sold","timestamp":"`)).toBe(true);
    expect(body.endsWith(`"data":${data}}`)).toBe(true);
    expect(headers).toMatchObject({
      "webhook-id": event,
      "content-type": "application/json",
      "webhook-sequence": "1",
      "x-api-key": "k",
    });
    const verified = new Webhook(secret).verify(body, headers as Record<string, string>);
    expect(verified).toMatchObject({ type: "shop.sold" });
    expect(await deliveriesOf(app.as(), webhook)).toMatchObject([
      { event, state: "delivered", attemptCount: 1, attempts: [{ status: 204, error: null }] },
    ]);
    expect(await typesOf(app)).toEqual(["webhook.created", "shop.sold"]);
  });

  it("is made for events that were accepted after the webhook's creation, and for types it asks for", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    await emit(app);
    await subscribe(app, receiver.url, { events: ["shop.sold", "other.*"] });
    const wanted = [await emit(app), await emit(app, "other.thing")];
    await emit(app, "shop.returned");
    await app.settled();
    // Deliveries of different events overtake each other.
    const ids = receiver.received.map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids)).toEqual(new Set(wanted));
    expect(ids).toHaveLength(wanted.length);
  });

  it("is not made again when the log is read again", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, receiver.url);
    await emit(app);
    const ctx = app.context("webhooks");
    const seen = (await app.events()).map(({ event }) => event);
    const scope = { organization: "default" };
    await ctx.store.transaction({ scope, origin: ctx.newOrigin("test") }, (tx) =>
      Promise.resolve(webhooks.reactions?.["fanOut"]?.handle(seen, tx, ctx)),
    );
    await app.settled();
    expect(await deliveriesOf(app.as(), id)).toHaveLength(1);
    expect(receiver.received).toHaveLength(1);
  });

  it("stays within its organization", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const stranger = app.as({ organization: "other", permissions: ["*"] });
    await stranger.post("/webhooks", { url: receiver.url, events: ["*"] });
    const { id } = await subscribe(app, receiver.url);
    await emit(app);
    await app.settled();
    const [delivery] = await deliveriesOf(app.as(), id);
    expect(receiver.received).toHaveLength(1);
    expect((await stranger.get(`/deliveries/${delivery?.id}`)).status).toBe(404);
    expect((await stranger.post(`/deliveries/${delivery?.id}/retry`)).status).toBe(404);
    expect((await app.as().get(`/deliveries/${delivery?.id}`)).status).toBe(200);
  });

  it("is not followed to where a redirect leads, and says what to do", async () => {
    await using target = await openReceiver();
    await using receiver = await openReceiver(answer(307, { location: target.url }));
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, receiver.url);
    await emit(app);
    await app.settled();
    expect(target.received).toEqual([]);
    const [delivery] = await deliveriesOf(app.as(), id);
    expect(delivery).toMatchObject({ state: "pending", lastStatus: 307 });
    expect(delivery?.lastError).toContain("redirects are not followed: change the webhook's URL");
  });

  it("fails, and is tried again, when the connection breaks, is refused, or may not be made", async () => {
    const closed = await openReceiver();
    await closed[Symbol.asyncDispose]();
    await using breaking = await openReceiver((response) => response.destroy());
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const forbidden = await subscribe(app, "https://example.com/");
    // As when a name that was public begins to point inside.
    await app.spine.hub.driver.append([
      { sql: "update webhooks_webhooks set url = 'http://10.1.2.3/'", parameters: [], rows: 1 },
    ]);
    const webhooks = [
      forbidden,
      await subscribe(app, breaking.url),
      await subscribe(app, closed.url),
    ];
    await emit(app);
    await app.settled();
    const errors = [];
    for (const { id } of webhooks) {
      const [delivery] = await deliveriesOf(app.as(), id);
      expect(delivery).toMatchObject({ state: "pending", attemptCount: 1, lastStatus: null });
      expect(delivery?.nextAttemptAt).not.toBeNull();
      errors.push(delivery?.lastError);
    }
    expect(errors).toEqual([
      expect.stringContaining("Portico does not call this URL"),
      expect.stringContaining("broke before the answer was whole"),
      expect.stringContaining("No connection to"),
    ]);
  });

  it("keeps the first 4 KB of a long answer", async () => {
    await using receiver = await openReceiver((response) => {
      response.writeHead(500).end("x".repeat(1_000_000));
    });
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, receiver.url);
    await emit(app);
    await app.settled();
    const [delivery] = await deliveriesOf(app.as(), id);
    expect(delivery?.attempts[0]?.responseBody).toBe("x".repeat(4_096));
  });

  it("disables its webhook at 410, once however many hear it; what comes later is held", async () => {
    await using receiver = await openReceiver(answer(410));
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, receiver.url);
    for (let index = 0; index < 3; index += 1) await emit(app);
    await app.settled();
    expect((await app.as().get(`/webhooks/${id}`)).json()).toMatchObject({
      active: false,
      disabledReason: "gone",
    });
    await emit(app);
    await app.settled();
    const states = (await deliveriesOf(app.as(), id)).map(({ state }) => state);
    expect(states).toHaveLength(4);
    expect(states[0]).toBe("held");
    expect((await typesOf(app)).filter((type) => type === "webhook.disabled")).toHaveLength(1);
  });

  it("is held while its webhook is disabled, and delivered when asked for after that", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, receiver.url);
    const client = app.as();
    await client.post(`/webhooks/${id}/disable`);
    const event = await emit(app);
    await app.settled();
    const [held] = await deliveriesOf(client, id);
    expect(held).toMatchObject({ event, state: "held", attemptCount: 0 });
    const refused = await client.post(`/deliveries/${held?.id}/retry`);
    expect(refused.status).toBe(409);
    await client.post(`/webhooks/${id}/enable`);
    const retried = await client.post(`/deliveries/${held?.id}/retry`);
    expect([retried.status, retried.json()]).toEqual([202, { id: held?.id, status: "accepted" }]);
    await app.settled();
    expect(receiver.received.map(({ headers }) => headers["webhook-id"])).toEqual([event]);
    expect(await deliveriesOf(client, id)).toMatchObject([{ state: "delivered" }]);
  });

  it("can be sent again after it was delivered, with the same webhook-id", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, receiver.url);
    const event = await emit(app);
    await app.settled();
    const [first] = await deliveriesOf(app.as(), id);
    await app.as().post(`/deliveries/${first?.id}/retry`);
    await app.settled();
    expect(receiver.received.map(({ headers }) => headers["webhook-id"])).toEqual([event, event]);
    expect(await deliveriesOf(app.as(), id)).toMatchObject([
      { state: "delivered", attemptCount: 2 },
    ]);
  });

  it("can be sent again when its first try was set aside with the crashes of its process", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, receiver.url);
    const event = await emit(app);
    await app.settled();
    // As quarantine leaves it: no job, and a first try that nobody will make.
    const sql = `update webhooks_deliveries set state = 'pending', attempts = 0, tries = 0, "updatedAt" = 1`;
    await database.driver.append([{ sql, parameters: [], rows: 1 }]);
    const [first] = await deliveriesOf(app.as(), id);
    await app.as().post(`/deliveries/${first?.id}/retry`);
    await app.settled();
    expect(receiver.received.map(({ headers }) => headers["webhook-id"])).toEqual([event, event]);
    expect(await deliveriesOf(app.as(), id)).toMatchObject([{ state: "delivered" }]);
  });

  it("is exhausted when its job is set aside with its processes, says so, and can be sent again", async () => {
    await using receiver = await openReceiver((response) => void response.writeHead(500).end());
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, receiver.url);
    await emit(app);
    await app.settled();
    // As twenty crashes in a row leave it.
    const sql = `update jobs_active set crashes = 20, run_at = 0`;
    await database.driver.append([{ sql, parameters: [], rows: 1 }]);
    app.spine.jobs.wake();
    await app.settled();
    const [delivery] = await deliveriesOf(app.as(), id);
    expect(delivery).toMatchObject({ state: "exhausted" });
    expect(await app.events()).toContainEqual(
      expect.objectContaining({ type: "delivery.exhausted", subject: delivery?.id }),
    );
    receiver.behave = accept;
    await app.as().post(`/deliveries/${delivery?.id}/retry`);
    await app.settled();
    expect(await deliveriesOf(app.as(), id)).toMatchObject([{ state: "delivered" }]);
  });

  it("is not kept from healthy receivers by one that hangs", async () => {
    const held: ServerResponse[] = [];
    await using hanging = await openReceiver((response) => void held.push(response));
    await using healthy = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    await subscribe(app, hanging.url);
    await subscribe(app, healthy.url);
    for (let index = 0; index < 12; index += 1) await emit(app);
    await healthy.count(12);
    expect(hanging.received.length).toBeLessThanOrEqual(4);
    hanging.behave = accept;
    for (const response of held) response.end();
    await app.settled();
    expect(hanging.received).toHaveLength(12);
  });
});

describeStore("what a webhook was and will be sent", (open) => {
  it("can be polled: each page goes on where the last ended, and new events come", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, receiver.url);
    const poll = async (
      after?: string,
    ): Promise<{ data: { position: number }[]; next: string }> => {
      const query = after === undefined ? "" : `&after=${encodeURIComponent(after)}`;
      const reply = await app.as().get(`/webhooks/${id}/events?limit=2${query}`);
      return reply.json() as { data: { position: number }[]; next: string };
    };
    const empty = await poll();
    expect(empty.data).toEqual([]);
    for (let index = 0; index < 3; index += 1) await emit(app, "shop.sold", `{"n":${index}.0}`);
    await app.settled();
    const first = await poll(empty.next);
    expect(first.data).toMatchObject([
      {
        position: 1,
        delivery: { state: "delivered" },
        event: { type: "shop.sold", data: { n: 0 } },
      },
      { position: 2 },
    ]);
    const second = await poll(first.next);
    expect(second.data.map(({ position }) => position)).toEqual([3]);
    expect((await poll(second.next)).data).toEqual([]);
    await emit(app);
    await app.settled();
    expect((await poll(second.next)).data.map(({ position }) => position)).toEqual([4]);
  });

  it("refuses a position of another webhook", async () => {
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const one = await subscribe(app, "https://example.com/1");
    const two = await subscribe(app, "https://example.com/2");
    const { next } = (await app.as().get(`/webhooks/${one.id}/events`)).json() as { next: string };
    const reply = await app
      .as()
      .get(`/webhooks/${two.id}/events?after=${encodeURIComponent(next)}`);
    expect(reply.status).toBe(400);
  });

  it("hangs on the thread of its event: delivery under event, attempt under delivery", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    await subscribe(app, receiver.url);
    const id = await emit(app);
    const event = (await app.events()).find((seen) => seen.event.id === id)?.event;
    await app.settled();
    const ctx = app.context("shop");
    const query = { organization: "default", trace: event?.trace ?? "" };
    const told = await Promise.all(
      ctx.contributions(Timeline).map((source) => source.value.entries(query, source.ctx)),
    );
    const [delivery, attempt] = told.flat();
    expect(delivery).toMatchObject({ kind: "delivery", cause: id });
    expect(attempt).toMatchObject({ kind: "attempt", cause: delivery?.id });
    expect(receiver.received[0]?.headers["traceparent"]).toContain(event?.trace);
    const strangers = { ...query, organization: "other" };
    const others = ctx
      .contributions(Timeline)
      .map((source) => source.value.entries(strangers, source.ctx));
    expect((await Promise.all(others)).flat()).toEqual([]);
  });
});
