// What goes wrong around a server: its clock, its disk, its readers.
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openSqlite } from "../../packages/server/src/drivers/sqlite/index.ts";
import { fakeClock } from "../../packages/server/src/kernel/testing/index.ts";
import { makeKey, openHouse } from "./house.ts";

const HOUR_MS = 3_600_000;

test("a clock set back an hour stops no key, no limit, no event and no delivery, and repeats no id", async () => {
  const clock = fakeClock();
  await using house = await openHouse({ clock });
  const { app } = house;
  const hook = await app.as().post("/webhooks", { url: house.url, events: ["clock.*"] });
  const { id: webhook } = hook.json() as { readonly id: string };
  const publish = async (): Promise<string> => {
    const made = await app.as().post("/events", { type: "clock.seen", data: {} });
    expect(made.status).toBe(202);
    return (made.json() as { readonly id: string }).id;
  };
  const limited = await makeKey(app, { rateLimit: 60, permissions: ["events:read"] });
  const ask = async (): Promise<number> =>
    (await fetch(`${house.url}/api/v1/events`, { headers: { "x-api-key": limited } })).status;

  const ids = [await publish(), await publish()];
  expect(await ask()).toBe(200);
  clock.set(clock.now() - HOUR_MS);
  ids.push(await publish(), await publish());
  for (let count = 0; count < 59; count += 1) await ask();
  expect(await ask()).toBe(429);
  await clock.advance(2_000);
  expect(await ask()).toBe(200);
  await house.expectServing();

  expect(new Set(ids).size).toBe(4);
  const listed = await app.as().get("/events?type=clock.seen&limit=10");
  const order = (listed.json() as { readonly data: readonly { readonly id: string }[] }).data;
  expect(order.map(({ id }) => id)).toEqual(ids.toReversed());
  await clock.advance(1_000);
  await app.settled();
  const sent = await app.as().get(`/webhooks/${webhook}/events`);
  expect((sent.json() as { readonly data: readonly object[] }).data).toHaveLength(4);
});

test("a database that may not grow is answered as 503, and what fits and what only reads goes on", async () => {
  const folder = await mkdtemp(join(tmpdir(), "portico-full-"));
  try {
    const driver = await openSqlite({ file: join(folder, "portico.db"), maxPageCount: 400 });
    await using house = await openHouse({ driver });
    const body = { type: "disk.filled", data: "x".repeat(200_000) };
    const answers: number[] = [];
    while (answers.at(-1) !== 503 && answers.length < 20) {
      const made = await house.app.as().post("/events", body);
      answers.push(made.status);
      expect(made.json()).toMatchObject(
        made.status === 202 ? { status: "accepted" } : { code: "store.unavailable" },
      );
    }
    expect(answers.at(-1)).toBe(503);
    const many = await Promise.all(
      Array.from({ length: 20 }, () => house.app.as().post("/events", body)),
    );
    expect(new Set(many.map(({ status }) => status))).toEqual(new Set([503]));
    const stored = await house.app.as().get("/events?type=disk.filled&limit=50");
    expect((stored.json() as { readonly data: readonly object[] }).data).toHaveLength(
      answers.length - 1,
    );
    await house.expectServing();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("callers that leave in the middle of anything leave nothing behind", async () => {
  await using house = await openHouse();
  const beginnings = [
    "GET /shop",
    "GET /shop/a HTTP/1.1\r\nHost: a\r\n",
    `GET /shop/a HTTP/1.1\r\nHost: a\r\nX-API-Key: ${house.key}\r\n\r\n`,
    `POST /shop/a HTTP/1.1\r\nHost: a\r\nX-API-Key: ${house.key}\r\nContent-Length: 9\r\n\r\nhalf`,
    `POST /api/v1/events HTTP/1.1\r\nHost: a\r\nX-API-Key: ${house.key}\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"type":`,
    "GET /broken/hangs HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /broken/resets-within HTTP/1.1\r\nHost: a\r\n\r\n",
  ];
  const all = Array.from({ length: 70 }, (_, index) => beginnings[index % beginnings.length] ?? "");
  await Promise.all(
    all.map(async (bytes) => {
      const left = Promise.withResolvers<void>();
      const socket = connect(house.port, "127.0.0.1", () => {
        socket.write(bytes, () => setImmediate(() => socket.resetAndDestroy()));
      });
      socket.on("error", () => undefined);
      socket.on("close", () => left.resolve());
      await left.promise;
    }),
  );
  await house.expectServing();
  const events = await house.app.events();
  expect(events.map(({ type }) => type).filter((type) => !type.startsWith("key."))).toEqual([
    "still.serving",
  ]);
});
