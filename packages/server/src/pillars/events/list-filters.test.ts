import { systemClock } from "portico/kernel";
import { createTestApp, describeStore } from "portico/testing";
import type { TestApp } from "portico/testing";
import { expect, it } from "vitest";
import { events } from "./index.ts";

const plugins = [events];
const START = Date.UTC(2026, 0, 1);

async function listed(app: TestApp, query: Readonly<Record<string, string>>): Promise<unknown[]> {
  const search = new URLSearchParams({ order: "oldest", ...query }).toString();
  const page = (await app.as().get(`/events?${search}`)).json() as { data: { data: unknown }[] };
  return page.data.map(({ data }) => data);
}

describeStore("GET /events narrows", (open) => {
  it("to types, a trace, a channel by its whole name, and a span of time, and to all of them together", async () => {
    await using database = await open();
    // Its timers run: the log waits by them.
    let elapsed = 0;
    const clock = { ...systemClock, now: () => START + elapsed };
    await using app = await createTestApp({ plugins, driver: database.driver, clock });
    const publish = async (body: object, trace = "1"): Promise<void> => {
      const traceparent = `00-${trace.repeat(32)}-1111111111111111-01`;
      expect((await app.as().post("/events", body, { traceparent })).status).toBe(202);
    };
    await publish({ type: "invoice.paid", data: 1, channels: ["eu", "big"] });
    elapsed += 1_000;
    await publish({ type: "invoice.sent", data: 2, channels: ["eu,big"] }, "2");
    elapsed += 1_000;
    await publish({ type: "order.paid", data: 3, channels: ['x","big', "%"] }, "2");
    await publish({ type: "invoice", data: 4 });
    await app.spine.log.drained();
    const at = (ms: number): string => new Date(START + ms).toISOString();
    expect(await listed(app, { type: "invoice.paid,order.*" })).toEqual([1, 3]);
    expect(await listed(app, { type: "invoice.*" })).toEqual([1, 2]);
    expect(await listed(app, { trace: "2".repeat(32) })).toEqual([2, 3]);
    expect(await listed(app, { channel: "big" })).toEqual([1]);
    expect(await listed(app, { channel: "eu" })).toEqual([1]);
    expect(await listed(app, { channel: "eu,big" })).toEqual([2]);
    expect(await listed(app, { channel: 'x","big' })).toEqual([3]);
    expect(await listed(app, { channel: "%" })).toEqual([3]);
    expect(await listed(app, { since: at(1_000) })).toEqual([2, 3, 4]);
    expect(await listed(app, { until: at(1_000) })).toEqual([1]);
    expect(
      await listed(app, { since: at(500), until: at(1_001), type: "*", channel: "eu,big" }),
    ).toEqual([2]);
  });
});

it.each([
  ["a time that is none", "since=yesterday", 422],
  ["a time without a day", "until=2026", 422],
  ["a trace that is none", "trace=abc", 422],
  ["an empty type among others", "type=a,,b", 422],
])("refuses %s", async (_what, query, status) => {
  await using app = await createTestApp({ plugins });
  expect((await app.as().get(`/events?${query}`)).status).toBe(status);
});
