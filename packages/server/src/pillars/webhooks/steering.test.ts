import type { ServerResponse } from "node:http";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { describeStore, fakeClock } from "portico/testing";
import { accept, answer, openReceiver } from "./receiver.fixture.ts";
import type { Received, Receiver } from "./receiver.fixture.ts";
import { deliveriesOf, emit, hasten, openShop, subscribe } from "./shop.fixture.ts";
import { newSecret } from "./sign.ts";
import { secretsPlace } from "./target.ts";

function firstOf({ received }: Receiver): Received {
  return received[0] ?? { headers: {}, path: "", body: "" };
}

describeStore("a webhook's own wishes", (open) => {
  it("shape the body, each form under a signature that the library accepts", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const secrets = new Map<string, string>();
    for (const format of ["standard", "event", "cloudevents"]) {
      const url = `${receiver.url}/${format}`;
      secrets.set(`/hook/${format}`, (await subscribe(app, url, { format })).secret);
    }
    const id = await emit(app, "shop.sold", '{"n":1.0}');
    await receiver.count(3);
    const bodies = new Map(receiver.received.map((request) => [request.path, request]));
    for (const [path, secret] of secrets) {
      const { body, headers } = bodies.get(path) ?? { body: "", headers: {} };
      expect(body).toContain('"data":{"n":1.0}');
      const value = new Webhook(secret).verify(body, headers as Record<string, string>);
      expect(value).toMatchObject({ id });
    }
    const parsed = (path: string): unknown => JSON.parse(bodies.get(path)?.body ?? "");
    expect(parsed("/hook/event")).toMatchObject({ event: "shop.sold" });
    expect(parsed("/hook/cloudevents")).toMatchObject({ specversion: "1.0", type: "shop.sold" });
    expect(bodies.get("/hook/cloudevents")?.headers["content-type"]).toContain(
      "application/cloudevents+json",
    );
  });

  it("authenticate Portico to the receiver, by name and password or by token, and are never shown", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const basic = { type: "basic", username: "portico", password: "pässword" };
    const { id } = await subscribe(app, receiver.url, { auth: basic });
    await emit(app);
    await receiver.count(1);
    const encoded = Buffer.from("portico:pässword").toString("base64");
    expect(receiver.received[0]?.headers["authorization"]).toBe(`Basic ${encoded}`);
    const shown = await app.as().get(`/webhooks/${id}`);
    expect(shown.json()).toMatchObject({ authType: "basic" });
    expect(shown.text).not.toMatch(/pässword|portico/);
    await app.as().patch(`/webhooks/${id}`, { auth: { type: "bearer", token: "t0ken" } });
    await app.spine.changes.poll();
    await emit(app);
    await receiver.count(2);
    expect(receiver.received[1]?.headers["authorization"]).toBe("Bearer t0ken");
    await app.as().patch(`/webhooks/${id}`, { auth: null });
    await app.spine.changes.poll();
    await emit(app);
    await receiver.count(3);
    expect(receiver.received[2]?.headers).not.toHaveProperty("authorization");
  });

  it("sign with every live secret while one replaces another, and not with one that has expired", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, receiver.url);
    const ctx = app.context("webhooks");
    const [fresh, old, expired] = [0, 1, 2].map(() => newSecret(ctx.fillRandom));
    const list = [
      { secret: fresh, expiresAt: null },
      { secret: old, expiresAt: Date.now() + 3_600_000 },
      { secret: expired, expiresAt: Date.now() - 1_000 },
    ];
    const sealed = ctx.secrets.seal(JSON.stringify(list), secretsPlace("default", id));
    const sql = `update webhooks_webhooks set secrets = '${sealed}'`;
    await database.driver.append([{ sql, parameters: [], rows: 1 }]);
    await emit(app);
    await receiver.count(1);
    const { body, headers } = firstOf(receiver);
    const verify = (secret: string | undefined): unknown =>
      new Webhook(secret ?? "").verify(body, headers as Record<string, string>);
    expect(verify(fresh)).toMatchObject({ type: "shop.sold" });
    expect(verify(old)).toMatchObject({ type: "shop.sold" });
    expect(() => verify(expired)).toThrow("No matching signature");
    expect(String(headers["webhook-signature"]).split(" ")).toHaveLength(2);
  });

  it("add a v1a signature whose public key is at /webhooks/jwks.json", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    await subscribe(app, receiver.url, { asymmetric: true });
    await emit(app);
    await receiver.count(1);
    const { body, headers } = firstOf(receiver);
    const [hmac, asymmetric] = String(headers["webhook-signature"]).split(" ");
    expect(hmac?.startsWith("v1,")).toBe(true);
    const receiving = app.as({ organization: "another", permissions: [] });
    const { text } = await receiving.get("/webhooks/jwks.json");
    const { keys } = JSON.parse(text) as { keys: [{ kty: string; crv: string; x: string }] };
    const [{ kty, crv, x }] = keys;
    const key = await crypto.subtle.importKey("jwk", { kty, crv, x }, "Ed25519", false, ["verify"]);
    const content = `${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.${body}`;
    const signed = Buffer.from(asymmetric?.slice("v1a,".length) ?? "", "base64");
    expect(
      await crypto.subtle.verify("Ed25519", key, signed, new TextEncoder().encode(content)),
    ).toBe(true);
    const other = await receiving.get("/webhooks/jwks.json?organization=another");
    expect(other.text).not.toBe(text);
  });

  it.each([1, 8])("bound attempts under way at the same time to %i", async (concurrency) => {
    const held: ServerResponse[] = [];
    await using receiver = await openReceiver((response) => void held.push(response));
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    await subscribe(app, receiver.url, { concurrency });
    for (let index = 0; index < 12; index += 1) await emit(app);
    await receiver.count(concurrency);
    await new Promise((resolve) => void setTimeout(resolve, 300));
    expect(receiver.received).toHaveLength(concurrency);
    receiver.behave = accept;
    for (const response of held) response.writeHead(204).end();
    await receiver.count(12);
  });

  it("bound them anew when they are changed, for what waits already too", async () => {
    const held: ServerResponse[] = [];
    await using receiver = await openReceiver((response) => void held.push(response));
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, receiver.url);
    for (let index = 0; index < 12; index += 1) await emit(app);
    await receiver.count(4);
    await app.as().patch(`/webhooks/${id}`, { concurrency: 1 });
    await app.spine.changes.poll();
    for (const response of held.splice(0)) response.writeHead(204).end();
    await receiver.count(5);
    await new Promise((resolve) => void setTimeout(resolve, 300));
    expect(receiver.received).toHaveLength(5);
    receiver.behave = accept;
    for (const response of held) response.writeHead(204).end();
    await app.settled();
    await receiver.count(12);
    expect(receiver.received).toHaveLength(12);
  });

  it("space attempts out: never two within the interval of the rate", async () => {
    const at: number[] = [];
    await using receiver = await openReceiver((response) => {
      at.push(performance.now());
      response.writeHead(204).end();
    });
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    await subscribe(app, receiver.url, { rateLimit: { limit: 10, periodMs: 1_000 } });
    const start = performance.now();
    for (let index = 0; index < 10; index += 1) await emit(app);
    await receiver.count(10);
    // A busy machine makes a turn late, and never early. 10 ms: the clocks' own steps.
    for (const [index, time] of at.entries()) {
      expect(time - start).toBeGreaterThan(index * 100 - 10);
    }
  });

  it("let one go at a time where the rate is slow, and park the rest without a run", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const rateLimit = { limit: 1, periodMs: 3_600_000 };
    const { id } = await subscribe(app, receiver.url, { rateLimit });
    for (let index = 0; index < 4; index += 1) await emit(app);
    await app.settled();
    expect(receiver.received).toHaveLength(1);
    await hasten(app, "release");
    expect(receiver.received).toHaveLength(2);
    await hasten(app, "release");
    await hasten(app, "release");
    expect(receiver.received).toHaveLength(4);
    const states = (await deliveriesOf(app.as(), id)).map(({ state }) => state);
    expect(new Set(states)).toEqual(new Set(["delivered"]));
  });

  it("send what waits for a slow rate at once when the rate is taken away", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const rateLimit = { limit: 1, periodMs: 3_600_000 };
    const { id } = await subscribe(app, receiver.url, { rateLimit });
    for (let index = 0; index < 4; index += 1) await emit(app);
    await app.settled();
    await app.as().patch(`/webhooks/${id}`, { rateLimit: { limit: 1_000, periodMs: 1_000 } });
    await receiver.count(4);
    await app.as().patch(`/webhooks/${id}`, { rateLimit: null });
    await emit(app);
    await receiver.count(5);
    expect(receiver.received).toHaveLength(5);
  });

  it("send first tries ahead of retries that are due at the same time", async () => {
    const held: ServerResponse[] = [];
    await using receiver = await openReceiver(answer(503));
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const retryPolicy = { schedule: [60_000] };
    await subscribe(app, receiver.url, { concurrency: 1, retryPolicy });
    const old = [await emit(app), await emit(app)];
    await app.settled();
    receiver.behave = (response) => void held.push(response);
    const blocker = await emit(app);
    await receiver.count(3);
    const sql = `update jobs_active set run_at = 0, "rank" = "rank" - 60000 where state = 'delayed'`;
    await database.driver.append([{ sql, parameters: [] }]);
    const fresh = [await emit(app), await emit(app)];
    app.spine.jobs.wake();
    await app.spine.log.drained();
    receiver.behave = accept;
    for (const response of held) response.writeHead(204).end();
    await receiver.count(7);
    const order = receiver.received.map(({ headers }) => headers["webhook-id"]);
    expect(order.slice(0, 5)).toEqual([...old, blocker, ...fresh]);
    expect(new Set(order.slice(5))).toEqual(new Set(old));
  });
});

describe("a webhook's own retries", () => {
  it("wait 1 s, 2 s, 4 s with {maxRetries: 3, backoffMs: 1000}, then the delivery is exhausted", async () => {
    const clock = fakeClock();
    await using receiver = await openReceiver(answer(500));
    await using app = await openShop({ clock, settings: { webhooks: { retryJitter: 0 } } });
    const retryPolicy = { maxRetries: 3, backoffMs: 1_000 };
    const { id } = await subscribe(app, receiver.url, { retryPolicy });
    await emit(app);
    const waits: number[] = [];
    for (let attempts = 1; attempts <= 4; attempts += 1) {
      let [delivery] = await deliveriesOf(app.as(), id);
      while ((delivery?.attempts.length ?? 0) < attempts) {
        await clock.advance(50);
        await new Promise((resolve) => void setTimeout(resolve, 1));
        [delivery] = await deliveriesOf(app.as(), id);
      }
      // Its attempts are read after it: now both are of one time.
      [delivery] = await deliveriesOf(app.as(), id);
      const { nextAttemptAt, updatedAt = "" } = delivery ?? {};
      if (typeof nextAttemptAt === "string") {
        waits.push(Date.parse(nextAttemptAt) - Date.parse(updatedAt));
      }
    }
    expect(waits).toEqual([1_000, 2_000, 4_000]);
    await clock.advance(3_600_000);
    expect(receiver.received).toHaveLength(4);
    expect(await deliveriesOf(app.as(), id)).toMatchObject([{ state: "exhausted" }]);
  });

  it("are not used up by faults of ours: a delivery that could not be made has all its tries", async () => {
    await using receiver = await openReceiver(answer(500));
    await using app = await openShop();
    const { id } = await subscribe(app, receiver.url, { retryPolicy: { schedule: [] } });
    // Sealed elsewhere, as after a keyring that lacks a key: it cannot be opened, and nothing can be sent.
    const { driver } = app.spine.hub;
    const { rows } = await driver.query({
      sql: "select headers from webhooks_webhooks",
      parameters: [],
    });
    const sealed = String(rows[0]?.["headers"]);
    const set = (headers: string): Promise<unknown> =>
      driver.append([
        { sql: `update webhooks_webhooks set headers = '${headers}'`, parameters: [], rows: 1 },
      ]);
    await set("s1.1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    await emit(app);
    await new Promise((resolve) => void setTimeout(resolve, 400));
    const [waiting] = await deliveriesOf(app.as(), id);
    expect(waiting).toMatchObject({ state: "pending", attemptCount: 0 });
    expect(receiver.received).toHaveLength(0);
    receiver.behave = accept;
    await set(sealed);
    await receiver.count(1);
    await app.settled();
    expect(await deliveriesOf(app.as(), id)).toMatchObject([
      { state: "delivered", attemptCount: 1 },
    ]);
  });
});
