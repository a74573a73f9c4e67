// Recovery and replay: everything once, whatever ends the process in between, and behind what happens now.
import { describeStore } from "portico/testing";
import type { TestApp } from "portico/testing";
import { expect, it } from "vitest";
import { accept, answer, openReceiver } from "./receiver.fixture.ts";
import type { Receiver } from "./receiver.fixture.ts";
import { deliveriesOf, emit, openShop, subscribe } from "./shop.fixture.ts";

const LONG_AGO = { since: "2000-01-01T00:00:00Z" };
/** One try and no more; no waits between the steps of a job. */
const settings = { webhooks: { retryWaitsMs: [], bulkPerSecond: 100_000, pauseAfterFailures: 0 } };

function slowly(bulkPerSecond: number): Record<string, unknown> {
  return { webhooks: { ...settings.webhooks, bulkPerSecond } };
}

interface Accepted {
  readonly id: string;
  readonly status: string;
}

async function begin(app: TestApp, path: string, body: object): Promise<Accepted> {
  const reply = await app.as().post(path, body);
  if (reply.status !== 202) throw new TypeError(reply.text);
  return reply.json() as Accepted;
}

/** Events at once, fifty at a time. */
async function emitMany(app: TestApp, many: number): Promise<void> {
  for (let start = 0; start < many; start += 50) {
    const some = Array.from({ length: Math.min(50, many - start) }, () => emit(app));
    await Promise.all(some);
  }
}

/** What was sent from the n-th request on. */
function idsOf({ received }: Receiver, from = 0): string[] {
  return received.slice(from).map(({ headers }) => String(headers["webhook-id"]));
}

function sorted(ids: readonly string[]): string[] {
  return ids.toSorted((a, b) => (a < b ? -1 : 1));
}

async function statesOf(app: TestApp, webhook: string): Promise<string[]> {
  return (await deliveriesOf(app.as(), webhook)).map(({ state }) => state);
}

async function count(app: TestApp, sql: string): Promise<number> {
  const { rows } = await app.spine.hub.driver.query({ sql, parameters: [] });
  return Number(rows[0]?.["n"]);
}

async function jobState(app: TestApp, id: string): Promise<string | undefined> {
  const [job] = (await app.spine.jobs.list({ limit: 1_000 })).filter((each) => each.id === id);
  return job?.state;
}

describeStore("POST /webhooks/{id}/recover", (open) => {
  it("202 delivers again what failed or was held in the window, with the same webhook-id, and leaves the rest", async () => {
    await using receiver = await openReceiver(answer(500));
    await using database = await open();
    await using app = await openShop({ driver: database.driver, settings });
    const { id } = await subscribe(app, receiver.url);
    const failed = await emit(app);
    await app.settled();
    receiver.behave = accept;
    const fine = await emit(app);
    await app.settled();
    await app.as().post(`/webhooks/${id}/disable`);
    const held = await emit(app);
    await app.settled();
    await app.as().post(`/webhooks/${id}/enable`);
    expect(await statesOf(app, id)).toEqual(["held", "delivered", "exhausted"]);
    const before = receiver.received.length;
    const job = await begin(app, `/webhooks/${id}/recover`, LONG_AGO);
    expect(job).toEqual({ id: expect.stringMatching(/^job_/), status: "accepted" });
    await app.settled();
    expect(await statesOf(app, id)).toEqual(["delivered", "delivered", "delivered"]);
    const again = idsOf(receiver, before);
    expect(sorted(again)).toEqual(sorted([failed, held]));
    expect(again).not.toContain(fine);
    expect(await jobState(app, job.id)).toBe("completed");
  });

  it("202 for a window that holds nothing, and does nothing", async () => {
    await using receiver = await openReceiver(answer(500));
    await using database = await open();
    await using app = await openShop({ driver: database.driver, settings });
    const { id } = await subscribe(app, receiver.url);
    await emit(app);
    await app.settled();
    await begin(app, `/webhooks/${id}/recover`, { ...LONG_AGO, until: "2000-01-02T00:00:00Z" });
    await app.settled();
    expect(await statesOf(app, id)).toEqual(["exhausted"]);
    expect(receiver.received).toHaveLength(1);
  });

  it("409 while one is at work on the webhook, and not after it was cancelled or has ended", async () => {
    await using receiver = await openReceiver(answer(500));
    await using database = await open();
    // Its second step comes minutes later.
    await using app = await openShop({ driver: database.driver, settings: slowly(1) });
    const { id } = await subscribe(app, receiver.url);
    const other = await subscribe(app, receiver.url, { events: ["other"] });
    await emitMany(app, 201);
    await app.settled();
    const path = `/webhooks/${id}/recover`;
    const first = await begin(app, path, LONG_AGO);
    const twin = await app.as().post(path, LONG_AGO);
    expect([twin.status, twin.json()]).toMatchObject([
      409,
      { code: "webhooks.bulkRunning", detail: expect.stringContaining(first.id) },
    ]);
    expect((await app.as().post(`/webhooks/${id}/replay`, { filter: LONG_AGO })).status).toBe(409);
    // Another webhook's is its own affair.
    await begin(app, `/webhooks/${other.id}/recover`, LONG_AGO);
    await app.spine.jobs.cancel(first.id);
    const second = await begin(app, path, LONG_AGO);
    expect(second.id).not.toBe(first.id);
    await app.spine.jobs.cancel(second.id);
  }, 60_000);

  it("409 for a disabled webhook, 404 for another's, 422 for a window that ends before it begins", async () => {
    await using database = await open();
    await using app = await openShop({ driver: database.driver, settings });
    const { id } = await subscribe(app, "http://127.0.0.1:8081/", { active: false });
    const path = `/webhooks/${id}/recover`;
    const inactive = await app.as().post(path, LONG_AGO);
    expect([inactive.status, inactive.json()]).toMatchObject([409, { code: "webhooks.inactive" }]);
    const stranger = app.as({ organization: "other", permissions: ["*"] });
    expect((await stranger.post(path, LONG_AGO)).status).toBe(404);
    await app.as().post(`/webhooks/${id}/enable`);
    const wrong = await app.as().post(path, { ...LONG_AGO, until: "1999-01-01T00:00:00Z" });
    expect([wrong.status, wrong.json()]).toMatchObject([422, { code: "webhooks.badWindow" }]);
    expect(await count(app, "select count(*) as n from webhooks_bulks")).toBe(0);
  });
});

describeStore("a bulk job", (open) => {
  it("whose process ends after any of its commits goes on where it was: each delivery has one new round", async () => {
    await using receiver = await openReceiver(answer(500));
    await using database = await open();
    const { driver } = database;
    // The commit is there, its answer is not: what a process that is killed leaves behind.
    const killed = { after: [1, 3], steps: 0 };
    const mortal = {
      ...driver,
      transaction: async (run: Parameters<typeof driver.transaction>[0]) => {
        let isStep = false;
        const value = await driver.transaction((tx) =>
          run({
            ...tx,
            execute: (statement) => {
              isStep ||= /^(?:update|delete from) "webhooks_bulks"/.test(statement.sql);
              return tx.execute(statement);
            },
          }),
        );
        if (isStep) killed.steps += 1;
        if (isStep && killed.after.includes(killed.steps))
          throw new Error("the process was killed");
        return value;
      },
    } as unknown as typeof driver;
    await using app = await openShop({ driver: mortal, settings, runTwice: false });
    const { id } = await subscribe(app, receiver.url);
    await emitMany(app, 450);
    await app.settled();
    receiver.behave = accept;
    const { id: job } = await begin(app, `/webhooks/${id}/recover`, LONG_AGO);
    await expect.poll(() => jobState(app, job), { timeout: 30_000 }).toBe("completed");
    await app.settled();
    expect(killed.steps).toBe(3);
    const rounds = `select count(*) as n from webhooks_deliveries where state = 'delivered' and round = 2`;
    expect(await count(app, rounds)).toBe(450);
    const ids = idsOf(receiver, 450);
    expect(ids).toHaveLength(450);
    expect(new Set(ids).size).toBe(450);
    expect(await count(app, "select count(*) as n from webhooks_bulks")).toBe(0);
  }, 90_000);

  it("stands behind what is accepted meanwhile", async () => {
    await using receiver = await openReceiver(answer(500));
    await using database = await open();
    await using app = await openShop({ driver: database.driver, settings });
    const { id } = await subscribe(app, receiver.url, { concurrency: 1 });
    await emitMany(app, 60);
    await app.settled();
    receiver.behave = (response) => setTimeout(() => accept(response), 5);
    const before = receiver.received.length;
    await begin(app, `/webhooks/${id}/recover`, LONG_AGO);
    await receiver.count(before + 3);
    const live = await emit(app);
    await app.settled();
    const order = idsOf(receiver, before);
    expect(order).toHaveLength(61);
    expect(order.indexOf(live)).toBeLessThan(50);
  }, 60_000);

  it("fails when its webhook is deleted, says so, and leaves its place", async () => {
    await using receiver = await openReceiver(answer(500));
    await using database = await open();
    await using app = await openShop({ driver: database.driver, settings: slowly(40) });
    const { id } = await subscribe(app, receiver.url);
    await emitMany(app, 201);
    await app.settled();
    const { id: job } = await begin(app, `/webhooks/${id}/recover`, LONG_AGO);
    // Its first step is done, and its second comes seconds later.
    const begun = `select count(*) as n from webhooks_bulks where cursor <> ''`;
    await expect.poll(() => count(app, begun), { timeout: 30_000 }).toBe(1);
    await app.as().delete(`/webhooks/${id}`);
    await expect.poll(() => jobState(app, job), { timeout: 30_000 }).toBe("failed");
    expect(await count(app, "select count(*) as n from webhooks_bulks")).toBe(0);
  }, 60_000);
});

describeStore("POST /webhooks/{id}/replay", (open) => {
  it("202 delivers what the filter names: known events again, others for the first time, each once", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver, settings });
    const early = await emit(app);
    await app.settled();
    const { id } = await subscribe(app, receiver.url, { events: ["shop.sold"] });
    const known = await emit(app);
    const unasked = await emit(app, "shop.closed");
    await emit(app, "stock.low");
    await app.settled();
    expect(await statesOf(app, id)).toEqual(["delivered"]);
    const filter = { ...LONG_AGO, types: ["shop.*"] };
    await begin(app, `/webhooks/${id}/replay`, { filter });
    await app.settled();
    const sent = idsOf(receiver);
    expect(sorted(sent)).toEqual(sorted([early, known, known, unasked]));
    const positions = (await app.as().get(`/webhooks/${id}/events`)).json() as {
      data: { position: number; event: { id: string } }[];
    };
    expect(positions.data.map(({ position, event }) => [position, event.id])).toEqual([
      [1, known],
      [2, early],
      [3, unasked],
    ]);
  });

  it("202 with `to` sends to the other webhook and to nobody else; a subject narrows", async () => {
    await using receiver = await openReceiver();
    await using other = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver, settings });
    const { id } = await subscribe(app, receiver.url);
    const event = await emit(app);
    await app.settled();
    const to = await subscribe(app, other.url, { slug: "second", events: ["none"] });
    await begin(app, `/webhooks/${id}/replay`, {
      filter: { ...LONG_AGO, types: ["shop.*"] },
      to: "second",
    });
    await app.settled();
    expect(idsOf(other)).toEqual([event]);
    expect(receiver.received).toHaveLength(1);
    await begin(app, `/webhooks/${to.id}/replay`, { filter: { ...LONG_AGO, subject: "nobody" } });
    await app.settled();
    expect(other.received).toHaveLength(1);
  });

  it("404 when `to` is another organization's, and nothing is sent", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver, settings });
    const { id } = await subscribe(app, receiver.url);
    const stranger = app.as({ organization: "other", permissions: ["*"] });
    const body = { url: receiver.url, events: ["*"] };
    const foreign = (await stranger.post("/webhooks", body)).json() as { id: string };
    const refused = await app
      .as()
      .post(`/webhooks/${id}/replay`, { filter: LONG_AGO, to: foreign.id });
    expect(refused.status).toBe(404);
  });
});

describeStore("POST /webhooks/{id}/deliver-missing", (open) => {
  it("202 delivers what the webhook asks for and was never tried, and nothing that was", async () => {
    await using receiver = await openReceiver(answer(500));
    await using database = await open();
    await using app = await openShop({ driver: database.driver, settings });
    const early = await emit(app);
    await app.settled();
    const { id } = await subscribe(app, receiver.url, { events: ["shop.sold"] });
    await emit(app);
    await app.settled();
    await app.as().post(`/webhooks/${id}/disable`);
    const held = await emit(app);
    await emit(app, "shop.closed");
    await app.settled();
    await app.as().post(`/webhooks/${id}/enable`);
    receiver.behave = accept;
    const before = receiver.received.length;
    await begin(app, `/webhooks/${id}/deliver-missing`, LONG_AGO);
    await app.settled();
    const sent = idsOf(receiver, before);
    expect(sorted(sent)).toEqual(sorted([early, held]));
    await begin(app, `/webhooks/${id}/deliver-missing`, LONG_AGO);
    await app.settled();
    expect(receiver.received).toHaveLength(before + 2);
  });
});

describeStore("POST /deliveries/retry", (open) => {
  it("202 delivers again what failed, of all webhooks that are sent to, by type where one is given", async () => {
    await using receiver = await openReceiver(answer(500));
    await using database = await open();
    await using app = await openShop({ driver: database.driver, settings });
    const one = await subscribe(app, receiver.url);
    const two = await subscribe(app, receiver.url);
    const off = await subscribe(app, receiver.url);
    await emit(app);
    await emit(app, "shop.closed");
    await app.settled();
    await app.as().post(`/webhooks/${off.id}/disable`);
    receiver.behave = accept;
    await begin(app, "/deliveries/retry", { type: "shop.closed" });
    await app.settled();
    expect(await statesOf(app, one.id)).toEqual(["delivered", "exhausted"]);
    await begin(app, "/deliveries/retry", { webhook: two.id });
    await app.settled();
    expect(await statesOf(app, two.id)).toEqual(["delivered", "delivered"]);
    await begin(app, "/deliveries/retry", {});
    await app.settled();
    expect(await statesOf(app, one.id)).toEqual(["delivered", "delivered"]);
    expect(await statesOf(app, off.id)).toEqual(["exhausted", "exhausted"]);
  });
});
