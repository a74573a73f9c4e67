import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeStore, fakeClock } from "portico/testing";
import type { FakeClock } from "portico/testing";
import { afterFailure, setHealth, WELL } from "./health.ts";
import type { Health } from "./health.ts";
import { accept, answer, openReceiver } from "./receiver.fixture.ts";
import { recordParked } from "./record.ts";
import {
  deliveriesOf,
  emit,
  emitKeyed,
  hasten,
  openShop,
  subscribe,
  typesOf,
} from "./shop.fixture.ts";
import type { WebhookSettings } from "./settings.ts";
import { stateOf } from "./state.ts";
import { subscribersOf } from "./subscribers.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const settings = {
  webhooks: { pauseAfterFailures: 3, probeWaitMs: 3_600_000, retryWaitsMs: [600_000, 600_000] },
};

describeStore("a webhook whose receiver fails", (open) => {
  it("is paused after so many failures in a row: then only probes go, and nobody's ladder is climbed", async () => {
    await using receiver = await openReceiver(answer(503));
    await using watcher = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver, settings });
    const events = ["shop.*", "webhook.*"];
    const { id } = await subscribe(app, receiver.url, { events, concurrency: 1 });
    await subscribe(app, watcher.url, { events: ["webhook.*"] });
    for (let index = 0; index < 12; index += 1) await emit(app);
    await app.settled();
    const sent = receiver.received.length;
    // Its neighbour's creation and eleven more wait, or the creation was among the three.
    expect(sent).toBe(3);
    await hasten(app, "release");
    expect(receiver.received).toHaveLength(4);
    await hasten(app, "release");
    expect(receiver.received).toHaveLength(5);
    const before = await deliveriesOf(app.as(), id);
    expect(before.filter(({ attemptCount }) => attemptCount === 1)).toHaveLength(5);
    expect(before.filter(({ attemptCount }) => attemptCount === 0)).toHaveLength(8);
    expect(before.every(({ state }) => state === "pending")).toBe(true);

    receiver.behave = accept;
    await hasten(app, "release");
    await app.settled();
    const after = await deliveriesOf(app.as(), id);
    expect(after.filter(({ state }) => state === "delivered")).toHaveLength(8);
    const told = (await typesOf(app)).filter((type) => /failing|recovered/.test(type));
    expect(told).toEqual(["webhook.failing", "webhook.recovered"]);
    const types = (bodies: readonly { readonly body: string }[]): string[] =>
      bodies.map(({ body }) => (JSON.parse(body) as { type: string }).type);
    expect(types(receiver.received)).not.toContain("webhook.failing");
    expect(types(receiver.received)).not.toContain("webhook.recovered");
    expect(types(watcher.received)).toEqual(
      expect.arrayContaining(["webhook.failing", "webhook.recovered"]),
    );
  });

  it("is sent the next delivery as a probe when nothing waits, and is paused again at its failure", async () => {
    await using receiver = await openReceiver(answer(500));
    await using database = await open();
    await using app = await openShop({ driver: database.driver, settings });
    const { id } = await subscribe(app, receiver.url, { concurrency: 1 });
    for (let index = 0; index < 3; index += 1) await emit(app);
    await app.settled();
    await hasten(app, "release");
    expect(receiver.received).toHaveLength(3);
    for (let index = 0; index < 3; index += 1) await emit(app);
    await app.settled();
    expect(receiver.received).toHaveLength(4);
    expect(await deliveriesOf(app.as(), id)).toHaveLength(6);
    expect((await typesOf(app)).filter((type) => type === "webhook.failing")).toHaveLength(1);
  });

  it("is sent what waits in the order of each key, when it keeps order, after the pause", async () => {
    await using receiver = await openReceiver(answer(503));
    await using database = await open();
    await using app = await openShop({ driver: database.driver, settings });
    const wishes = { ordering: "block", concurrency: 1 };
    const { id } = await subscribe(app, receiver.url, wishes);
    const sent = new Map<string, string[]>();
    for (let index = 0; index < 18; index += 1) {
      const key = `k${index % 6}`;
      sent.set(key, [...(sent.get(key) ?? []), await emitKeyed(app, key)]);
    }
    await app.settled();
    expect(receiver.received).toHaveLength(3);
    await hasten(app, "release");
    expect(receiver.received).toHaveLength(4);
    receiver.behave = accept;
    await hasten(app, "release");
    // Those that had failed wait for their next try; what stands behind them waits with them.
    await hasten(app, "deliver1");
    await receiver.count(22);
    await app.settled();
    const got = receiver.received.slice(4).map(({ headers }) => String(headers["webhook-id"]));
    for (const events of sent.values()) {
      expect(got.filter((event) => events.includes(event))).toEqual(events);
    }
    const states = (await deliveriesOf(app.as(), id)).map(({ state }) => state);
    expect(new Set(states)).toEqual(new Set(["delivered"]));
  });

  it("waits as a whole when its receiver asks for it with Retry-After", async () => {
    await using receiver = await openReceiver(answer(429, { "retry-after": "3600" }));
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, receiver.url, { concurrency: 1 });
    for (let index = 0; index < 5; index += 1) await emit(app);
    await app.settled();
    expect(receiver.received).toHaveLength(1);
    const waiting = await deliveriesOf(app.as(), id);
    for (const { nextAttemptAt, updatedAt } of waiting) {
      const waitMs = Date.parse(nextAttemptAt ?? "") - Date.parse(updatedAt);
      expect(waitMs).toBeGreaterThan(3_590_000);
    }
    receiver.behave = accept;
    await hasten(app, "release");
    const states = (await deliveriesOf(app.as(), id)).map(({ state }) => state);
    expect(states.toSorted()).toEqual([
      "delivered",
      "delivered",
      "delivered",
      "delivered",
      "pending",
    ]);
    expect((await typesOf(app)).filter((type) => type.startsWith("webhook.f"))).toEqual([]);
  });

  it("keeps what is parked as held when it is disabled, as canceled when it is deleted", async () => {
    await using receiver = await openReceiver(answer(503));
    await using database = await open();
    await using app = await openShop({ driver: database.driver, settings });
    const one = await subscribe(app, receiver.url, { concurrency: 1 });
    const two = await subscribe(app, receiver.url, { concurrency: 1 });
    for (let index = 0; index < 6; index += 1) await emit(app);
    await app.settled();
    const rows = await deliveriesOf(app.as(), two.id);
    await app.as().post(`/webhooks/${one.id}/disable`);
    await app.as().delete(`/webhooks/${two.id}`);
    await app.settled();
    const states = (await deliveriesOf(app.as(), one.id)).map(({ state }) => state);
    expect(states.filter((state) => state === "held")).toHaveLength(3);
    const [last] = rows;
    const reply = await app.as().get(`/deliveries/${last?.id}`);
    expect(reply.json()).toMatchObject({ state: "canceled", attemptCount: 0 });
  });

  it("has its health told to who sends, and no subscription of its organization read anew for it", async () => {
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, "http://127.0.0.1:8080/hook", { active: false });
    await app.settled();
    const ctx = app.context("webhooks");
    const scope = { organization: "default" };
    const subscriptions = () => subscribersOf(ctx).of("default", ctx.store.read(scope));
    const health = async () => (await stateOf(ctx).targets.get("default", id))?.health;
    const before = await subscriptions();
    expect(await health()).toBeUndefined();
    await ctx.store.transaction({ scope, origin: ctx.newOrigin("test") }, (tx) =>
      setHealth(tx, id, { from: WELL, to: { ...WELL, failingSince: 1, lastFailureAt: 1 } }),
    );
    await app.spine.changes.poll();
    expect(await health()).toMatchObject({ failingSince: 1 });
    expect(await subscriptions()).toBe(before);
  });

  it("parks nothing for a pause that is over, since nobody would release it", async () => {
    await using receiver = await openReceiver(answer(429, { "retry-after": "3600" }));
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id: webhook } = await subscribe(app, receiver.url);
    await emit(app);
    await app.settled();
    const [delivery] = await deliveriesOf(app.as(), webhook);
    const ctx = app.context("webhooks");
    const options = { scope: { organization: "default" }, origin: ctx.newOrigin("test") };
    const park = ctx.store.append(options, (batch) => {
      const found = { id: delivery?.id ?? "", round: 1 };
      recordParked(batch, found, { webhook, until: 1, now: 2 });
    });
    await expect(park).rejects.toMatchObject({ code: "store.conflict" });
  });
});

describe("a webhook that fails for days", () => {
  async function until(clock: FakeClock, isSo: () => Promise<boolean>): Promise<void> {
    for (let step = 0; step < 20_000; step += 1) {
      if (await isSo()) return;
      await clock.advance(500);
      // On a busy machine a request takes its time, in which a clock that ran on would let it time out.
      await new Promise((resolve) => void setTimeout(resolve, 5));
    }
    throw new Error("It never became so");
  }

  it("is disabled after five days of failures; what comes later is held, and the log tells it", async () => {
    const clock = fakeClock();
    await using receiver = await openReceiver(answer(503));
    await using app = await openShop({
      clock,
      settings: { webhooks: { retryJitter: 0, pauseAfterFailures: 0 } },
    });
    const schedule = [HOUR_MS, 12 * HOUR_MS, ...Array<number>(6).fill(DAY_MS)];
    const { id } = await subscribe(app, receiver.url, { retryPolicy: { schedule } });
    await emit(app);
    const seen = async (): Promise<{ attempts: readonly unknown[]; state: string }> => {
      const [delivery] = await deliveriesOf(app.as(), id);
      return { attempts: delivery?.attempts ?? [], state: delivery?.state ?? "" };
    };
    for (const [index, waitMs] of [...schedule.slice(0, 6), 0].entries()) {
      await until(clock, async () => (await seen()).attempts.length > index);
      expect((await app.as().get(`/webhooks/${id}`)).json()).toMatchObject({ active: true });
      await clock.advance(Math.max(0, waitMs - 1_000));
    }
    await clock.advance(DAY_MS);
    await until(clock, async () => (await seen()).attempts.length === 8);
    expect((await app.as().get(`/webhooks/${id}`)).json()).toMatchObject({
      active: false,
      disabledReason: "failing",
    });
    expect((await typesOf(app)).filter((type) => type === "webhook.disabled")).toHaveLength(1);
    await emit(app);
    await until(clock, async () => (await seen()).state === "held");
    expect(receiver.received).toHaveLength(8);
  });

  it("is never disabled before the time, nor for failures that lie close together (property)", () => {
    const rules = {
      disableAfterMs: 5 * DAY_MS,
      disableSpreadMs: DAY_MS / 2,
      probeWaitMs: 5_000,
      probeWaitMaxMs: 600_000,
    } as WebhookSettings;
    fc.assert(
      fc.property(fc.array(fc.nat(3 * DAY_MS), { minLength: 1, maxLength: 20 }), (gaps) => {
        let health: Health = WELL;
        let now = Date.UTC(2026, 0, 1);
        const failures: number[] = [];
        for (const gap of gaps) {
          now += gap;
          const failure = { error: "x", retryAfterMs: undefined, pauses: false };
          const next = afterFailure(health, failure, { now, settings: rules });
          const first = failures[0] ?? now;
          const last = failures.at(-1) ?? now;
          const isDue = now - first >= 5 * DAY_MS && last - first >= DAY_MS / 2;
          expect(next === "disable").toBe(isDue);
          if (next === "disable") return;
          failures.push(now);
          health = next;
        }
      }),
    );
  });
});
