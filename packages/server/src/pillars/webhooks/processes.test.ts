import type { ServerResponse } from "node:http";
import { performance } from "node:perf_hooks";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openTestDatabase, storeKinds } from "portico/testing";
import type { TestApp } from "portico/testing";
import { openReceiver } from "./receiver.fixture.ts";
import type { Receiver } from "./receiver.fixture.ts";
import { emit, emitKeyed, openShop, subscribe } from "./shop.fixture.ts";

const ids = ({ received }: Receiver): string[] =>
  received.map(({ headers }) => String(headers["webhook-id"]));

interface Pair extends AsyncDisposable {
  readonly one: TestApp;
  readonly other: TestApp;
}

/** Two processes, or what is the same to a database, on PostgreSQL. */
async function openPair(): Promise<Pair> {
  const database = await openTestDatabase("postgres");
  const one = await openShop({ driver: database.driver });
  const other = await openShop({ driver: await database.openAnother(), keyringOf: one });
  return {
    one,
    other,
    [Symbol.asyncDispose]: async () => {
      await one.stop();
      await other.stop();
      await database[Symbol.asyncDispose]();
    },
  };
}

// A copy of this folder beside the installed package has no PostgreSQL.
const hasPostgres =
  storeKinds.includes("postgres") && process.env["PORTICO_TEST_POSTGRES_URL"] !== undefined;

describe.runIf(hasPostgres)("several processes", () => {
  it("keep the order of each key and the concurrency of a webhook between them", async () => {
    let underWay = 0;
    let most = 0;
    const failed = new Set<string>();
    await using receiver = await openReceiver((response: ServerResponse, nth) => {
      const id = ids(receiver)[nth - 1] ?? "";
      underWay += 1;
      most = Math.max(most, underWay);
      setTimeout(() => {
        underWay -= 1;
        // Every third fails once.
        const isFailing = nth % 3 === 0 && !failed.has(id);
        if (isFailing) failed.add(id);
        response.writeHead(isFailing ? 503 : 204).end();
      }, 5);
    });
    await using pair = await openPair();
    const retryPolicy = { schedule: [20, 20] };
    const wishes = { ordering: "block", concurrency: 2, retryPolicy };
    await subscribe(pair.one, receiver.url, wishes);
    const sent = new Map<string, string[]>();
    for (let index = 0; index < 48; index += 1) {
      const key = `k${index % 4}`;
      const event = await emitKeyed(index % 2 === 0 ? pair.one : pair.other, key);
      sent.set(key, [...(sent.get(key) ?? []), event]);
    }
    while (new Set(ids(receiver)).size < 48) await receiver.count(receiver.received.length + 1);
    for (const app of [pair.one, pair.other]) await app.settled();
    for (const events of sent.values()) {
      const own = new Set(events);
      const got = ids(receiver).filter((event) => own.has(event));
      // Each as often as it took, and never one of them before the one before it was through.
      expect(got.filter((event, index) => event !== got[index - 1])).toEqual(events);
    }
    expect(failed.size).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2);
  });

  it("share the rate of a webhook", async () => {
    const at: number[] = [];
    await using receiver = await openReceiver((response) => {
      at.push(performance.now());
      response.writeHead(204).end();
    });
    await using pair = await openPair();
    await subscribe(pair.one, receiver.url, { rateLimit: { limit: 20, periodMs: 1_000 } });
    const start = performance.now();
    for (let index = 0; index < 20; index += 1) await emit(index % 2 ? pair.one : pair.other);
    await receiver.count(20);
    // A busy machine makes a turn late, and never early. 10 ms: the clocks' own steps.
    for (const [index, time] of at.entries()) {
      expect(time - start).toBeGreaterThan(index * 50 - 10);
    }
  });
});

describe("an ordered webhook", () => {
  it("is sent every event once its key's turn has come, whatever fails how often (property)", async () => {
    const plan = fc.array(fc.record({ key: fc.nat(2), failures: fc.nat(2) }), {
      minLength: 1,
      maxLength: 12,
    });
    const property = fc.asyncProperty(plan, async (events) => {
      const failures = new Map<string, number>();
      await using receiver = await openReceiver((response, nth) => {
        const id = ids(receiver)[nth - 1] ?? "";
        const left = failures.get(id) ?? 0;
        failures.set(id, left - 1);
        response.writeHead(left > 0 ? 503 : 204).end();
      });
      await using app = await openShop();
      const retryPolicy = { schedule: [5, 5, 5] };
      await subscribe(app, receiver.url, { ordering: "block", retryPolicy, concurrency: 16 });
      const sent = new Map<number, string[]>();
      for (const { key, failures: many } of events) {
        const event = await emitKeyed(app, String(key));
        failures.set(event, many);
        sent.set(key, [...(sent.get(key) ?? []), event]);
      }
      const isThrough = (): boolean => new Set(ids(receiver)).size === events.length;
      while (!isThrough()) await receiver.count(receiver.received.length + 1);
      await app.settled();
      for (const own of sent.values()) {
        const got = ids(receiver).filter((event) => own.includes(event));
        expect(got.filter((event, index) => event !== got[index - 1])).toEqual(own);
      }
    });
    await fc.assert(property, { numRuns: 10 });
  });
});
