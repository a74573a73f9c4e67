import { expect, test } from "vitest";
import { openSqlite } from "../../drivers/sqlite/index.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { createProbes } from "./probes.ts";
import { testServer } from "./test-server.fixture.ts";

test("probes answer without a credential", async () => {
  await using server = await testServer();
  for (const path of ["/livez", "/readyz", "/healthz", "/startupz"]) {
    expect((await server.send({ path })).status).toBe(200);
  }
});

test("while it drains it lives and is not ready", async () => {
  await using server = await testServer();
  server.http.drain();
  expect((await server.send({ path: "/livez" })).status).toBe(200);
  expect((await server.send({ path: "/readyz" })).status).toBe(503);
});

test("without its database it lives, is not ready, and health is 503", async () => {
  const driver = await openSqlite({ file: ":memory:" });
  await using server = await testServer({
    driver: {
      ...driver,
      query: () => Promise.reject(new TypeError("password=hunter2")),
    },
  });
  expect((await server.send({ path: "/livez" })).status).toBe(200);
  expect((await server.send({ path: "/readyz" })).status).toBe(503);
  const health = await server.send({
    path: "/api/v1/health",
    headers: { "x-test": "root server:read" },
  });
  expect(health.status).toBe(503);
  expect(health.json()).toMatchObject({ status: "fail", checks: { database: { status: "fail" } } });
  expect(health.text).not.toContain("hunter2");
});

test("/health is GET /api/v1/health, also below a base path", async () => {
  await using server = await testServer();
  const report = { status: "ok", version: "1.2.3", checks: { database: { status: "ok" } } };
  for (const path of ["/api/v1/health", "/api/health", "/health"]) {
    expect((await server.send({ path })).json()).toMatchObject(report);
  }
  await using moved = await testServer({ basePath: "/_portico" });
  expect((await moved.send({ path: "/_portico/health" })).json()).toMatchObject(report);
  expect((await moved.send({ path: "/health" })).status).toBe(404);
});

test("health tells details to administrators only", async () => {
  await using server = await testServer();
  const open = await server.send({ path: "/api/v1/health" });
  expect(open.json()).toMatchObject({
    status: "ok",
    version: "1.2.3",
    uptime: expect.any(Number),
    checks: {
      database: {
        status: "ok",
        latencyMs: expect.any(Number),
      },
    },
  });
  expect(open.text).not.toContain("detail");
  const headers = { "x-test": "root server:read" };
  const full = await server.send({ path: "/api/v1/health", headers });
  expect(full.text).toContain("detail");
});

test("metrics are for this machine and for server:read, not for whoever comes through a proxy", async () => {
  await using server = await testServer();
  const status = async (
    remoteAddress: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<number> => (await server.send({ path: "/metrics", remoteAddress, headers })).status;
  expect(await status("127.0.0.1")).toBe(200);
  expect(await status("127.0.0.1", { "x-forwarded-for": "198.51.100.1" })).toBe(401);
  expect(await status("192.0.2.1")).toBe(401);
  expect(await status("192.0.2.1", { "x-test": "key notes:read" })).toBe(401);
  expect(await status("192.0.2.1", { "x-test": "root server:read" })).toBe(200);
});

test("checks run at most once a second, and one that hangs does not hold the others", async () => {
  const clock = fakeClock();
  let runs = 0;
  const probes = createProbes({
    clock,
    version: "1",
    isStarted: () => true,
    driver: {
      query: () =>
        Promise.resolve({
          rows: [],
          changes: 0,
        }),
    },
    checks: [
      {
        check: {
          id: "hangs",
          run: () => ((runs += 1), new Promise(() => undefined)),
        },
        ctx: {} as never,
      },
    ],
  });
  const first = probes.health();
  const second = probes.health();
  // The database answers first: then time goes on.
  await clock.advance(0);
  await clock.advance(500);
  expect(await first).toMatchObject({
    status: "degraded",
    checks: { database: { status: "ok" }, hangs: { status: "fail" } },
  });
  expect(await second).toBe(await first);
  expect(runs).toBe(1);
  await clock.advance(1_001);
  void probes.health();
  expect(runs).toBe(2);
});
