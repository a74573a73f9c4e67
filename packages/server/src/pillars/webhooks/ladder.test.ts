import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { fakeClock } from "portico/testing";
import type { FakeClock, TestApp } from "portico/testing";
import { answer, openReceiver } from "./receiver.fixture.ts";
import type { Receiver } from "./receiver.fixture.ts";
import { deliveriesOf, emit, openShop, subscribe, typesOf } from "./shop.fixture.ts";
import type { Delivery } from "./shop.fixture.ts";
import { signature } from "./sign.ts";

const START = Date.UTC(2026, 0, 1);
const settings = { webhooks: { retryWaitsMs: [5_000, 60_000, 3_600_000], retryJitter: 0 } };

/** Moves time on in steps that let real input and output go on, until so many requests have come. */
async function until(clock: FakeClock, receiver: Receiver, requests: number): Promise<void> {
  while (receiver.received.length < requests) {
    await clock.advance(250);
    // On a busy machine a request takes its time, in which a clock that ran on would let it time out.
    await new Promise((resolve) => void setTimeout(resolve, 10));
  }
}

/** Waits for the end of what is under way, without time going on. */
async function recorded(app: TestApp, webhook: string, attempts: number): Promise<void> {
  for (;;) {
    const [delivery] = await deliveriesOf(app.as(), webhook);
    if ((delivery?.attempts.length ?? 0) >= attempts) return;
  }
}

/** Milliseconds between the end of the last attempt and the next. */
function waitOf(delivery: Delivery | undefined): number {
  return Date.parse(delivery?.nextAttemptAt ?? "") - Date.parse(delivery?.updatedAt ?? "");
}

describe("the ladder", () => {
  it("waits 5 s, 1 min, 1 h after failed tries, signs each anew under one id, then is exhausted", async () => {
    const clock = fakeClock(START);
    await using receiver = await openReceiver(answer(503));
    await using app = await openShop({ clock, settings });
    const { id, secret } = await subscribe(app, receiver.url);
    const event = await emit(app);
    await until(clock, receiver, 1);
    for (const [index, waitMs] of [5_000, 60_000, 3_600_000].entries()) {
      await recorded(app, id, index + 1);
      const [delivery] = await deliveriesOf(app.as(), id);
      expect(delivery).toMatchObject({
        state: "pending",
        attemptCount: index + 1,
        lastStatus: 503,
      });
      expect(waitOf(delivery)).toBe(waitMs);
      await clock.advance(Date.parse(delivery?.nextAttemptAt ?? "") - clock.now() - 1);
      await app.as().get("/webhooks");
      expect(receiver.received).toHaveLength(index + 1);
      await until(clock, receiver, index + 2);
    }
    await recorded(app, id, 4);
    const ids = receiver.received.map(({ headers }) => headers["webhook-id"]);
    expect(ids).toEqual([event, event, event, event]);
    const stamps = receiver.received.map(({ headers }) => Number(headers["webhook-timestamp"]));
    expect(new Set(stamps).size).toBe(4);
    for (const { headers, body } of receiver.received) {
      const timestamp = Number(headers["webhook-timestamp"]);
      const signed = { id: event, timestamp, body: Buffer.from(body) };
      expect(headers["webhook-signature"]).toBe(signature(signed, [secret]));
    }
    const bodies = new Set(receiver.received.map(({ body }) => body));
    expect(bodies.size).toBe(1);
    expect(await deliveriesOf(app.as(), id)).toMatchObject([
      { state: "exhausted", attemptCount: 4, nextAttemptAt: null },
    ]);
  });

  it("ends with delivery.exhausted on the thread of the event, which is delivered to nobody", async () => {
    await using receiver = await openReceiver(answer(500));
    await using app = await openShop({ settings: { webhooks: { retryWaitsMs: [] } } });
    const { id } = await subscribe(app, receiver.url, { events: ["*"] });
    const event = await emit(app);
    await app.settled();
    expect(await typesOf(app)).toEqual(["webhook.created", "shop.sold", "delivery.exhausted"]);
    const seen = await app.events();
    const [delivery] = await deliveriesOf(app.as(), id);
    expect(seen[2]?.data).toEqual({
      id: delivery?.id,
      webhook: id,
      event,
      attempts: 1,
      error: "The receiver answered 500",
    });
    expect(seen[2]?.event).toMatchObject({ cause: delivery?.id, trace: seen[1]?.event.trace });
    expect(receiver.received).toHaveLength(1);
  });

  it("waits as long as Retry-After asks", async () => {
    const clock = fakeClock(START);
    await using receiver = await openReceiver(answer(429, { "retry-after": "120" }));
    await using app = await openShop({ clock, settings });
    const { id } = await subscribe(app, receiver.url);
    await emit(app);
    await until(clock, receiver, 1);
    await recorded(app, id, 1);
    const [delivery] = await deliveriesOf(app.as(), id);
    expect(waitOf(delivery)).toBe(120_000);
  });

  it("counts an answer that never ends as a failure after the time limit", async () => {
    const clock = fakeClock(START);
    await using receiver = await openReceiver((response) => {
      response.writeHead(200).write("and then");
    });
    await using app = await openShop({ clock, settings });
    const { id } = await subscribe(app, receiver.url);
    await emit(app);
    await until(clock, receiver, 1);
    await clock.advance(20_000);
    await recorded(app, id, 1);
    const [delivery] = await deliveriesOf(app.as(), id);
    expect(delivery).toMatchObject({ state: "pending", lastStatus: null });
    expect(delivery?.lastError).toContain("did not answer in full within 20000 ms");
  });

  it("begins anew when somebody delivers again by hand; the waiting try is dropped", async () => {
    const clock = fakeClock(START);
    await using receiver = await openReceiver(answer(503));
    await using app = await openShop({ clock, settings });
    const { id } = await subscribe(app, receiver.url);
    await emit(app);
    await until(clock, receiver, 1);
    await recorded(app, id, 1);
    const [delivery] = await deliveriesOf(app.as(), id);
    await app.as().post(`/deliveries/${delivery?.id}/retry`);
    await until(clock, receiver, 2);
    await recorded(app, id, 2);
    const [again] = await deliveriesOf(app.as(), id);
    expect(waitOf(again)).toBe(5_000);
    receiver.behave = answer(204);
    await until(clock, receiver, 3);
    await recorded(app, id, 3);
    await clock.advance(120_000);
    await app.settled();
    expect(receiver.received).toHaveLength(3);
    expect(await deliveriesOf(app.as(), id)).toMatchObject([
      { state: "delivered", attemptCount: 3 },
    ]);
  });

  it("cancels what still waits when its webhook is deleted, and keeps the record", async () => {
    const clock = fakeClock(START);
    await using receiver = await openReceiver(answer(503));
    await using app = await openShop({ clock, settings });
    const { id } = await subscribe(app, receiver.url);
    await emit(app);
    await until(clock, receiver, 1);
    await recorded(app, id, 1);
    const [delivery] = await deliveriesOf(app.as(), id);
    await app.as().delete(`/webhooks/${id}`);
    await clock.advance(120_000);
    await app.settled();
    const reply = await app.as().get(`/deliveries/${delivery?.id}`);
    expect(reply.json()).toMatchObject({ state: "canceled", attemptCount: 1 });
    expect(receiver.received).toHaveLength(1);
  });
});
