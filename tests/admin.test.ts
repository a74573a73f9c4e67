// The administration over all pillars: what each of them counts is what was done, and settings that take effect at once do.
import { afterAll, describe, expect, test } from "vitest";
import {
  createTestApp,
  openTestDatabase,
  storeKinds,
} from "../packages/server/src/kernel/testing/index.ts";
import type { TestApp } from "../packages/server/src/kernel/testing/index.ts";
import { builtIns } from "../packages/server/src/platform.ts";
import { everything } from "./examples/requests.ts";

interface Stats {
  readonly series: readonly {
    readonly id: string;
    readonly total: number;
    readonly counts: readonly number[];
  }[];
  readonly unavailable: readonly string[];
}

const kinds = storeKinds.filter((kind) => kind !== "memory");

describe.each(kinds)("administration [%s]", (kind) => {
  const opened = open(kind);
  afterAll(async () => {
    const { app, database } = await opened;
    await app.stop();
    await database[Symbol.asyncDispose]();
  });

  test("each part of the server counts what was done, for all and for each organization", async () => {
    const { app } = await opened;
    await busy(app, "acme", 3);
    await busy(app, "globex", 2);
    await app.settled();
    const totals = async (organization: string, query: string): Promise<Record<string, number>> => {
      const reply = await app.as({ ...everything, organization }).get(`/admin/stats?${query}`);
      expect(reply.status).toBe(200);
      const { series, unavailable } = reply.json() as Stats;
      expect(unavailable).toEqual([]);
      for (const { total, counts } of series) {
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(total);
      }
      return Object.fromEntries(series.map(({ id, total }) => [id, total]));
    };
    for (const interval of ["hour", "day", "month"]) {
      const acme = await totals("acme", `interval=${interval}&scope=organization`);
      const globex = await totals("globex", `interval=${interval}&scope=organization`);
      const all = await totals("acme", `interval=${interval}&scope=instance`);
      expect(acme).toMatchObject({
        "keys.created": 3,
        "webhooks.deliveries": 3,
        "webhooks.failed": 3,
      });
      expect(globex).toMatchObject({ "keys.created": 2, "webhooks.deliveries": 2 });
      // Beside those published there are the ones that keys and webhooks emit of themselves.
      expect(acme["events.published"]).toBe(await eventsOf(app, "acme"));
      expect(acme["insight.requests"]).toBeGreaterThanOrEqual(7);
      for (const id of [
        "keys.created",
        "webhooks.deliveries",
        "webhooks.failed",
        "events.published",
      ]) {
        expect([id, all[id]]).toEqual([id, (acme[id] ?? 0) + (globex[id] ?? 0)]);
      }
    }
    const nothing = await totals("nobody", "scope=organization");
    expect(nothing).toMatchObject({
      "keys.created": 0,
      "events.published": 0,
      "webhooks.deliveries": 0,
    });
    const before = await totals("acme", "from=2020-01-01T00:00:00Z&to=2020-12-01T00:00:00Z");
    expect(before).toMatchObject({
      "keys.created": 0,
      "events.published": 0,
      "webhooks.deliveries": 0,
    });
  });

  test("people who came, sign-ins and refused sign-ins are counted", async () => {
    const { app } = await opened;
    const password = "a long walk by the river";
    const send = (path: string, body: object) =>
      app.inject({ method: "POST", url: `/api/v1/auth/${path}`, body });
    for (const username of ["grace", "edsger"]) {
      expect((await send("register", { username, password })).status).toBe(201);
    }
    expect((await send("login", { username: "grace", password })).status).toBe(200);
    expect((await send("login", { username: "grace", password: "wrong password" })).status).toBe(
      401,
    );
    await app.settled();
    const count = async (scope: string): Promise<Record<string, number>> => {
      const reply = await app.as(everything).get(`/admin/stats?interval=hour&scope=${scope}`);
      const { series } = reply.json() as Stats;
      return Object.fromEntries(series.map(({ id, total }) => [id, total]));
    };
    // A registration signs in as well.
    const wanted = { "identity.users": 2, "identity.sessions": 3, "insight.loginsRefused": 1 };
    expect(await count("instance")).toMatchObject(wanted);
    expect(await count("organization")).toMatchObject(wanted);
    const stranger = await app
      .as({ ...everything, organization: "stranger" })
      .get("/admin/stats?scope=organization");
    const { series } = stranger.json() as Stats;
    for (const id of Object.keys(wanted)) {
      expect(series.find((line) => line.id === id)?.total).toBe(0);
    }
  });

  test("a setting that is changed holds for the next request: most webhooks, largest event", async () => {
    const { app } = await opened;
    const operator = app.as({ ...everything, organization: "limits" });
    const webhook = { url: "http://127.0.0.1:8000/", events: ["*"] };
    expect((await operator.post("/webhooks", webhook)).status).toBe(201);
    const changed = await operator.patch("/admin/config", {
      webhooks: { webhooksMax: 1 },
      events: { dataBytesMax: 1_024 },
    });
    expect(changed.json()).toMatchObject({ restartNeeded: false });
    expect((await operator.post("/webhooks", webhook)).json()).toMatchObject({
      code: "webhooks.tooMany",
    });
    const event = { type: "big.one", data: { text: "x".repeat(2_000) } };
    expect((await operator.post("/events", event)).status).toBe(413);
    expect((await operator.post("/admin/config/undo")).status).toBe(200);
    expect((await operator.post("/webhooks", webhook)).status).toBe(201);
    expect((await operator.post("/events", event)).status).toBeLessThan(300);
  });

  test("every setting of every pillar has its place in a change, and can be stored as it is", async () => {
    const { app } = await opened;
    const operator = app.as(everything);
    const { settings } = (await operator.get("/admin/config")).json() as {
      settings: readonly {
        path: string;
        plugin: string | null;
        value?: unknown;
        secret: boolean;
        writable: boolean;
      }[];
    };
    expect(settings.length).toBeGreaterThan(50);
    for (const { path, plugin, value, secret, writable } of settings) {
      if (plugin === null || secret || value === undefined || !writable) continue;
      const keys = path.split(".").toReversed();
      const body = keys.reduce<unknown>((inner, key) => ({ [key]: inner }), value);
      const reply = await operator.patch("/admin/config", body);
      expect([path, reply.status, reply.status === 200 ? "" : reply.text]).toEqual([path, 200, ""]);
    }
  });
});

async function open(kind: (typeof kinds)[number]) {
  const database = await openTestDatabase(kind);
  const settings = { webhooks: { retryWaitsMs: [], pauseAfterFailures: 0 } };
  const app = await createTestApp({ plugins: builtIns(), settings, driver: database.driver });
  return { app, database };
}

/** Keys, events and deliveries, so many of each; nothing listens where the webhook is. */
async function busy(app: TestApp, organization: string, times: number): Promise<void> {
  const client = app.as({ ...everything, organization });
  await client.post("/webhooks", { url: "http://127.0.0.1:8000/", events: ["thing.done"] });
  for (let index = 0; index < times; index += 1) {
    await client.post("/keys", { name: `key-${index}`, permissions: [] });
    await client.post("/events", { type: "thing.done", data: { index } });
  }
}

async function eventsOf(app: TestApp, organization: string): Promise<number> {
  return (await app.events(organization)).length;
}
