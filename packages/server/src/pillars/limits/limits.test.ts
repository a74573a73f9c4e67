import { anonymous, definePlugin, operation } from "portico/kernel";
import { createTestApp, fakeClock } from "portico/testing";
import { Type } from "typebox";
import { describe, expect, it } from "vitest";
import { Limits, limits } from "./index.ts";

const ping = operation({
  id: "pings.ping",
  method: "GET",
  path: "/pings",
  summary: "Answer",
  access: "caller",
  mode: "read",
  limits: ["2/min"],
  replies: { 200: Type.Object({ ok: Type.Boolean() }) },
  example: {},
  handle: () => ({ ok: true }),
});

const pings = definePlugin({ id: "pings", version: "1.0.0", engine: "^1", operations: [ping] });
const plugins = (): Parameters<typeof createTestApp>[0]["plugins"] => [limits(), pings];

describe("an operation with a limit", () => {
  it("200 up to it, then 429 with when to come back, and 200 again then", async () => {
    const clock = fakeClock();
    await using app = await createTestApp({ plugins: plugins(), clock });
    const client = app.as();
    expect((await client.get("/pings")).status).toBe(200);
    expect((await client.get("/pings")).status).toBe(200);
    const refused = await client.get("/pings");
    expect(refused.status).toBe(429);
    expect(refused.json()).toMatchObject({ code: "request.rateLimited" });
    expect(refused.headers["retry-after"]).toBe("30");
    await clock.advance(30_000);
    expect((await client.get("/pings")).status).toBe(200);
  });

  it("counts each caller apart, and each server apart", async () => {
    await using app = await createTestApp({ plugins: plugins() });
    await using other = await createTestApp({ plugins: plugins() });
    for (let round = 0; round < 3; round += 1) await app.as({ subject: "a" }).get("/pings");
    expect((await app.as({ subject: "a" }).get("/pings")).status).toBe(429);
    expect((await app.as({ subject: "b" }).get("/pings")).status).toBe(200);
    expect((await other.as({ subject: "a" }).get("/pings")).status).toBe(200);
  });

  it("consumes nothing of it for a request that is refused before", async () => {
    await using app = await createTestApp({ plugins: plugins() });
    for (let round = 0; round < 5; round += 1) {
      expect((await app.inject({ method: "GET", url: "/api/v1/pings" })).status).toBe(401);
    }
    expect((await app.as().get("/pings")).status).toBe(200);
  });
});

describe("the capability", () => {
  it("takes for other plugins and tells them when none is left", async () => {
    await using app = await createTestApp({ plugins: plugins() });
    const face = app.context("limits").get(Limits);
    const place = { id: "route", api: "shop", limits: ["1/min"] };
    const call = { caller: { ...anonymous, subject: "key_1" }, address: "192.0.2.1", place };
    expect(await face.take(call)).toMatchObject({ allowed: true });
    expect(await face.take(call)).toMatchObject({ allowed: false, policy: "1/min" });
  });
});
