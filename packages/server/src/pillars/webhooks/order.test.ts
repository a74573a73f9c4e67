import type { ServerResponse } from "node:http";
import { performance } from "node:perf_hooks";
import { expect, it } from "vitest";
import { describeStore } from "portico/testing";
import { accept, answer, openReceiver } from "./receiver.fixture.ts";
import type { Receiver } from "./receiver.fixture.ts";
import { deliveriesOf, emitKeyed, openShop, subscribe } from "./shop.fixture.ts";
import type { Delivery } from "./shop.fixture.ts";

const ids = ({ received }: Receiver): string[] =>
  received.map(({ headers }) => String(headers["webhook-id"]));

/** Fails the events of these ids, as long as the set holds them. */
function failing(receiver: Receiver, events: ReadonlySet<string>): void {
  receiver.behave = (response: ServerResponse, nth: number) => {
    const isFailing = events.has(String(receiver.received[nth - 1]?.headers["webhook-id"]));
    response.writeHead(isFailing ? 503 : 204).end();
  };
}

function stateOf(deliveries: readonly Delivery[], event: string | undefined): string | undefined {
  return deliveries.find((delivery) => delivery.event === event)?.state;
}

describeStore("deliveries of an ordered webhook", (open) => {
  it("go one after another for each key, retries included; other keys do not wait", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const at: number[] = [];
    // The first that comes fails three times.
    receiver.behave = (response) => {
      at.push(performance.now());
      const [first, ...others] = ids(receiver);
      const isFirst = others.at(-1) === first || others.length === 0;
      const times = 1 + others.filter((id) => id === first).length;
      response.writeHead(isFirst && times < 4 ? 503 : 204).end();
    };
    const retryPolicy = { schedule: [300, 300, 300, 300] };
    await subscribe(app, receiver.url, { ordering: "block", retryPolicy });
    const first = await emitKeyed(app, "a");
    await receiver.count(1);
    const rest = [await emitKeyed(app, "a"), await emitKeyed(app, "a")];
    const other = await emitKeyed(app, "b");
    while (new Set(ids(receiver)).size < 4) await receiver.count(receiver.received.length + 1);
    await app.settled();
    const got = ids(receiver);
    const ofA = got.filter((id) => id !== other);
    // What waits behind it does not make it be tried any sooner.
    const tries = at.filter((_, index) => got[index] === first);
    expect(tries).toHaveLength(4);
    expect((tries[3] ?? 0) - (tries[0] ?? 0)).toBeGreaterThan(700);
    expect([...new Set(ofA)]).toEqual([first, ...rest]);
    const [second = ""] = rest;
    expect(got.indexOf(second)).toBeGreaterThan(got.lastIndexOf(first));
    expect(got.indexOf(other)).toBeLessThan(got.indexOf(second));
  });

  it("wait behind one that is exhausted (block) until it is delivered by hand, then go on in order", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const retryPolicy = { schedule: [] };
    const { id } = await subscribe(app, receiver.url, { ordering: "block", retryPolicy });
    receiver.behave = answer(503);
    const first = await emitKeyed(app, "a");
    await app.settled();
    receiver.behave = accept;
    const rest = [await emitKeyed(app, "a"), await emitKeyed(app, "a")];
    const other = await emitKeyed(app, "b");
    await receiver.count(2);
    await app.settled();
    expect(ids(receiver)).toEqual([first, other]);
    const stuck = await deliveriesOf(app.as(), id);
    expect([first, ...rest].map((event) => stateOf(stuck, event))).toEqual([
      "exhausted",
      "pending",
      "pending",
    ]);
    const exhausted = stuck.find(({ event }) => event === first);
    await app.as().post(`/deliveries/${exhausted?.id}/retry`);
    await receiver.count(5);
    expect(ids(receiver)).toEqual([first, other, first, ...rest]);
  });

  it("go on when the webhook is told to keep no order any more, or another", async () => {
    await using receiver = await openReceiver(answer(503));
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const retryPolicy = { schedule: [] };
    const { id } = await subscribe(app, receiver.url, { ordering: "block", retryPolicy });
    const first = await emitKeyed(app, "a");
    await app.settled();
    receiver.behave = accept;
    const second = await emitKeyed(app, "a");
    await app.settled();
    expect(ids(receiver)).toEqual([first]);
    await app.as().patch(`/webhooks/${id}`, { ordering: "none" });
    await receiver.count(2);
    expect(ids(receiver)).toEqual([first, second]);
  });

  it("go on past one that is exhausted (skip)", async () => {
    await using receiver = await openReceiver(answer(503));
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const retryPolicy = { schedule: [] };
    await subscribe(app, receiver.url, { ordering: "skip", retryPolicy });
    const sent = [];
    for (let index = 0; index < 3; index += 1) sent.push(await emitKeyed(app, "a"));
    await receiver.count(3);
    expect(ids(receiver)).toEqual(sent);
  });

  it("are held behind one that is exhausted (park); what comes later goes on", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const retryPolicy = { schedule: [50] };
    const { id } = await subscribe(app, receiver.url, { ordering: "park", retryPolicy });
    const bad = new Set<string>();
    const held: ServerResponse[] = [];
    receiver.behave = (response) => void held.push(response);
    const first = await emitKeyed(app, "a");
    await receiver.count(1);
    const second = await emitKeyed(app, "a");
    bad.add(first);
    failing(receiver, bad);
    for (const response of held) response.writeHead(503).end();
    await receiver.count(2);
    await app.settled();
    const later = await emitKeyed(app, "a");
    await receiver.count(3);
    await app.settled();
    const seen = await deliveriesOf(app.as(), id);
    expect([first, second, later].map((event) => stateOf(seen, event))).toEqual([
      "exhausted",
      "held",
      "delivered",
    ]);
    expect(seen.find(({ event }) => event === second)?.lastError).toContain("exhausted");
  });

  it("are all sent, in order, however events join lines that are about to end", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, receiver.url, { ordering: "block" });
    const sent = new Map<string, string[]>();
    for (let index = 0; index < 40; index += 1) {
      const key = `k${index % 3}`;
      const event = await emitKeyed(app, key);
      sent.set(key, [...(sent.get(key) ?? []), event]);
      if (index % 5 === 0) await app.settled();
    }
    await receiver.count(40);
    await app.settled();
    for (const events of sent.values()) {
      const own = new Set(events);
      expect(ids(receiver).filter((event) => own.has(event))).toEqual(events);
    }
    const states = (await deliveriesOf(app.as(), id)).map(({ state }) => state);
    expect(new Set(states)).toEqual(new Set(["delivered"]));
    const { rows } = await database.driver.query({
      sql: "select count(*) as lines from webhooks_lines",
      parameters: [],
    });
    expect(Number(rows[0]?.["lines"])).toBe(0);
  });

  it("without a key overtake each other", async () => {
    const held: ServerResponse[] = [];
    await using receiver = await openReceiver((response) => void held.push(response));
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    await subscribe(app, receiver.url, { ordering: "block" });
    for (let index = 0; index < 3; index += 1) {
      await app.as().post("/sales", { type: "shop.sold", data: "{}" });
    }
    await receiver.count(3);
    expect(receiver.received).toHaveLength(3);
    for (const response of held) response.writeHead(204).end();
    await app.settled();
  });

  it("are held as a line when the webhook is disabled", async () => {
    const held: ServerResponse[] = [];
    await using receiver = await openReceiver((response) => void held.push(response));
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, receiver.url, { ordering: "block" });
    for (let index = 0; index < 3; index += 1) await emitKeyed(app, "a");
    await receiver.count(1);
    await app.as().post(`/webhooks/${id}/disable`);
    await app.spine.changes.poll();
    for (const response of held) response.writeHead(204).end();
    await app.settled();
    const states = (await deliveriesOf(app.as(), id)).map(({ state }) => state);
    expect(states.toSorted()).toEqual(["delivered", "held", "held"]);
  });

  it.each([
    ["held", "disabled"],
    ["canceled", "deleted"],
  ])(
    "are %s to the last, also those without a job of their own, when the webhook is %s",
    async (state) => {
      await using receiver = await openReceiver(answer(503));
      await using database = await open();
      await using app = await openShop({ driver: database.driver });
      const retryPolicy = { schedule: [] };
      const { id } = await subscribe(app, receiver.url, { ordering: "block", retryPolicy });
      // Behind one that is exhausted, and behind one that is parked.
      const blocked = [await emitKeyed(app, "a")];
      await app.settled();
      blocked.push(await emitKeyed(app, "a"), await emitKeyed(app, "a"));
      receiver.behave = answer(429, { "retry-after": "3600" });
      await emitKeyed(app, "b");
      await app.settled();
      const parked = [await emitKeyed(app, "c"), await emitKeyed(app, "c")];
      await app.settled();
      const before = await deliveriesOf(app.as(), id);
      const waiting = [...blocked.slice(1), ...parked];
      expect(waiting.map((event) => stateOf(before, event))).toEqual(waiting.map(() => "pending"));
      await (state === "held"
        ? app.as().post(`/webhooks/${id}/disable`)
        : app.as().delete(`/webhooks/${id}`));
      await app.settled();
      const { rows } = await database.driver.query({
        sql: `select event, state from webhooks_deliveries where webhook = '${id}'`,
        parameters: [],
      });
      const after = new Map(rows.map((row) => [row["event"], row["state"]]));
      expect(waiting.map((event) => after.get(event))).toEqual(waiting.map(() => state));
      expect(after.get(blocked[0])).toBe("exhausted");
    },
  );

  it("wait for no more than their own schedule: a line's job takes no long history along", async () => {
    const held: ServerResponse[] = [];
    await using receiver = await openReceiver((response) => void held.push(response));
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const retryPolicy = { schedule: [10, 10] };
    await subscribe(app, receiver.url, { ordering: "block", retryPolicy });
    const attempt = async (): Promise<number> => {
      const sql = "select attempt from jobs_active where name = 'deliver'";
      const { rows } = await database.driver.query({ sql, parameters: [] });
      return Number(rows[0]?.["attempt"]);
    };
    for (let index = 0; index < 3; index += 1) await emitKeyed(app, "a");
    await receiver.count(1);
    held[0]?.writeHead(503).end();
    await receiver.count(2);
    // The receiver's failures are none of the engine's.
    expect(await attempt()).toBe(0);
    const sql = "update jobs_active set attempt = 14 where name = 'deliver'";
    await database.driver.append([{ sql, parameters: [] }]);
    held[1]?.writeHead(204).end();
    await receiver.count(3);
    held[2]?.writeHead(204).end();
    await receiver.count(4);
    expect(await attempt()).toBe(0);
    held[3]?.writeHead(204).end();
    await app.settled();
  });
});
