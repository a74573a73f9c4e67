import { createTestApp, describeStore, fakeClock } from "portico/testing";
import { describe, expect, it } from "vitest";
import { Catalogue } from "./catalogue.ts";
import { events } from "./index.ts";

const plugins = [events];
const DAY_MS = 86_400_000;
const paid = { type: "invoice.paid", data: { total: 1 }, idempotencyKey: "inv_1 paid" };

function ids(reply: { json(): unknown }): readonly string[] {
  return (reply.json() as { events: string[] }).events;
}

function id(reply: { json(): unknown }): string {
  return (reply.json() as { id: string }).id;
}

describeStore("an event's idempotency key", (open) => {
  it("names one event of the organization, alone and in batches, whoever sends it", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins, driver: database.driver });
    const first = id(await app.as().post("/events", paid));
    const again = await app.as({ subject: "another", permissions: ["*"] }).post("/events", paid);
    expect(id(again)).toBe(first);
    const other = { type: "invoice.sent", data: 2 };
    const batch = await app.as().post("/events/batch", { events: [other, paid, other] });
    expect(ids(batch)[1]).toBe(first);
    expect(new Set(ids(batch)).size).toBe(3);
    const stranger = app.as({ organization: "other", permissions: ["*"] });
    expect(id(await stranger.post("/events", paid))).not.toBe(first);
    expect((await app.events()).map(({ type }) => type)).toEqual([
      "invoice.paid",
      "invoice.sent",
      "invoice.sent",
    ]);
  });

  it("is the same event twice in one batch, and refused with another event", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins, driver: database.driver });
    const [one, two] = ids(await app.as().post("/events/batch", { events: [paid, paid] }));
    expect(one).toBe(two);
    const other = { ...paid, data: { total: 2 } };
    for (const body of [other, { ...paid, subject: "inv_1" }]) {
      expect((await app.as().post("/events", body)).json()).toMatchObject({
        status: 422,
        code: "events.keyReuse",
      });
    }
    const mixed = await app
      .as()
      .post("/events/batch", { events: [{ type: "a.b", data: 1 }, other] });
    expect(mixed.status).toBe(422);
    expect(await app.events()).toHaveLength(1);
  });

  it("is taken once by many who send it at once, and all are answered the same id", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins, driver: database.driver });
    const other = (index: number): object => ({ type: "a.b", data: index });
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_each, index) =>
        app.as().post("/events/batch", { events: [paid, other(index)] }),
      ),
    );
    expect(replies.map(({ status }) => status)).toEqual(Array(8).fill(202));
    expect(new Set(replies.map((reply) => ids(reply)[0])).size).toBe(1);
    const types = (await app.events()).map(({ type }) => type);
    expect(types.filter((type) => type === "invoice.paid")).toHaveLength(1);
    expect(types.filter((type) => type === "a.b")).toHaveLength(8);
  });
});

describe("for a week", () => {
  it.each([
    ["a key of the event", paid, {}],
    ["a key of the request", { type: "a.b", data: 1 }, { "idempotency-key": "k" }],
  ])("%s stands for it, of the whole organization", async (_what, body, headers) => {
    const clock = fakeClock();
    await using app = await createTestApp({ plugins, clock });
    const first = id(await app.as().post("/events", body, headers));
    await clock.advance(7 * DAY_MS - 1_000);
    const other = app.as({ subject: "another", permissions: ["*"] });
    expect(id(await other.post("/events", body, headers))).toBe(first);
    await clock.advance(2_000);
    const later = id(await app.as().post("/events", body, headers));
    expect(later).not.toBe(first);
    expect(id(await app.as().post("/events", body, headers))).toBe(later);
    expect(await app.events()).toHaveLength(2);
  });
});

describe("rules in memory", () => {
  it("are bounded by the size of their schemas, the oldest dropped first", () => {
    const catalogue = new Catalogue({ add: () => undefined });
    for (let index = 0; index < 500; index += 1) {
      catalogue.remember(String(index), undefined, { cost: 64_000, drops: 0 });
    }
    expect(catalogue.cost).toBeLessThanOrEqual(16_000_000);
    expect(catalogue.find("0")).toBeUndefined();
    expect(catalogue.find("499")).toEqual([undefined]);
  });

  it("are not remembered when they were read before they changed", () => {
    const catalogue = new Catalogue({ add: () => undefined });
    catalogue.drop("a");
    catalogue.remember("a", undefined, { cost: 1, drops: 0 });
    expect(catalogue.find("a")).toBeUndefined();
  });
});
