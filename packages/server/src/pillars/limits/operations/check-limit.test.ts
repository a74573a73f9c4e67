import { createTestApp, fakeClock } from "portico/testing";
import type { TestApp } from "portico/testing";
import { describe, expect, it } from "vitest";
import { call, policyOf } from "../limiter-bench.fixture.ts";
import { Limits, limits } from "../index.ts";

const settings = {
  limits: {
    policies: { searches: { limit: 3, window: "hour", per: "user" }, one: { concurrency: 1 } },
  },
};

async function app(): Promise<TestApp & AsyncDisposable> {
  const made = await createTestApp({ plugins: [limits()], settings, clock: fakeClock() });
  return Object.assign(made, { [Symbol.asyncDispose]: () => made.stop() });
}

async function check(it: TestApp, body: object, caller?: object): Promise<Record<string, unknown>> {
  const reply = await it.as(caller).post("/limits/check", body);
  return { status: reply.status, ...(reply.json() as object) };
}

describe("POST /limits/check", () => {
  it("200: counts up to the limit, then says when to try again", async () => {
    await using it = await app();
    const asked = { name: "nightly export", rateLimit: { limit: 2, burst: 2 }, cost: 1 };
    const figures = { status: 200, policy: "2/min", limit: 2 };
    expect(await check(it, asked)).toEqual({
      ...figures,
      allowed: true,
      remaining: 1,
      resetAt: "2026-01-01T00:00:30.000Z",
    });
    expect(await check(it, asked)).toMatchObject({ allowed: true, remaining: 0 });
    const refused = {
      ...figures,
      allowed: false,
      remaining: 0,
      resetAt: "2026-01-01T00:00:30.000Z",
    };
    expect(await check(it, asked)).toEqual(refused);
    expect(await check(it, { ...asked, cost: 0 })).toMatchObject({ allowed: true, remaining: 0 });
  });

  it("200: kinds of subjects and organizations are counted apart", async () => {
    await using it = await app();
    for (const subject of [{ keyId: "x" }, { userId: "x" }, { ip: "192.0.2.1" }, { name: "x" }]) {
      for (const organization of ["default", "other"]) {
        const caller = { permissions: ["*"], organization };
        const asked = { ...subject, rateLimit: 1 };
        expect(await check(it, asked, caller)).toMatchObject({ allowed: true });
        expect(await check(it, asked, caller)).toMatchObject({ allowed: false });
      }
    }
  });

  it("200: an IPv6 address is counted by its /64", async () => {
    await using it = await app();
    expect(await check(it, { ip: "2001:db8::1", rateLimit: 1 })).toMatchObject({ allowed: true });
    expect(await check(it, { ip: "2001:db8::2", rateLimit: 1 })).toMatchObject({ allowed: false });
  });

  it("200: a named policy is the count that calls of this name take from", async () => {
    await using it = await app();
    const { caller } = call("key_1");
    const place = { id: "shop /search", api: "shop", limits: ["searches"] };
    const face = it.context("limits").get(Limits);
    await face.take({ caller: { ...caller, userId: "7" }, address: "", place });
    expect(await check(it, { userId: "7", rateLimit: "searches" })).toMatchObject({ remaining: 1 });
    expect(await check(it, { userId: "8", rateLimit: "searches" })).toMatchObject({ remaining: 2 });
  });

  it("200: a key's own rate is the count that its calls take from", async () => {
    await using it = await app();
    const { caller } = call("key_1");
    const face = it.context("limits").get(Limits);
    await face.take({ caller: { ...caller, limits: ["5/min"] }, address: "" });
    expect(await check(it, { keyId: "key_1", rateLimit: 5 })).toMatchObject({ remaining: 3 });
    expect(policyOf(5).name).toBe("5/min");
  });

  it("200: of calls under way only the state is told, and none is left behind", async () => {
    await using it = await app();
    for (let round = 0; round < 3; round += 1) {
      expect(await check(it, { name: "x", rateLimit: "one" })).toMatchObject({ allowed: true });
    }
  });

  it("422: says what is wrong with it", async () => {
    await using it = await app();
    for (const [code, body] of [
      ["limits.badSubject", { rateLimit: 1 }],
      ["limits.badSubject", { rateLimit: 1, userId: "7", name: "x" }],
      ["limits.badLimit", { userId: "7", rateLimit: "unheardOf" }],
      ["limits.badLimit", { userId: "7", rateLimit: { limit: 1, concurrency: 1 } }],
      ["request.invalid", { userId: "7" }],
      ["request.invalid", { userId: "7", rateLimit: 0 }],
      ["request.invalid", { userId: "7", rateLimit: { limt: 1 } }],
      ["request.invalid", { userId: "7", rateLimit: 1, cost: -1 }],
      ["request.invalid", { userId: "", rateLimit: 1 }],
    ] as const) {
      expect(await check(it, body)).toMatchObject({ status: 422, code });
    }
  });

  it("401 without a credential, 403 without limits:check", async () => {
    await using it = await app();
    const body = { userId: "7", rateLimit: 1 };
    expect((await it.inject({ method: "POST", url: "/api/v1/limits/check", body })).status).toBe(
      401,
    );
    expect((await check(it, body, { permissions: ["limits:read"] }))["status"]).toBe(403);
  });
});
