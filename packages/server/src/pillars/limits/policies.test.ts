import { readLimit } from "portico/kernel";
import type { LimitSpec } from "portico/kernel";
import { createTestApp } from "portico/testing";
import { describe, expect, it } from "vitest";
import { limits } from "./index.ts";

describe("policies of the installation", () => {
  it("a policy with ten mistakes is refused with all of them by name", async () => {
    const wrong = {
      limt: 5,
      limit: 0,
      window: "week",
      algorithm: "leaky",
      burst: -1,
      per: "planet",
      cost: 0.5,
      action: { delayMs: 0, queueMax: 0 },
      onStoreFailure: "maybe",
      name: "ten mistakes",
    };
    const starting = createTestApp({
      plugins: [limits()],
      settings: { limits: { policies: { wrong } } },
    });
    const message = await starting.then(
      () => "",
      (error: unknown) => String(error),
    );
    for (const key of Object.keys(wrong)) expect(message).toContain(`limits.policies.wrong.${key}`);
  });

  it("what the schema cannot say is said at the start, of every policy at once", async () => {
    const policies = {
      "no name": 5,
      both: { limit: 5, concurrency: 5 },
      monthly: { limit: 5, window: "month", algorithm: "bucket" },
      dear: { limit: 5, cost: 6 },
      burstWindow: { limit: 5, window: "fixed", burst: 5 },
      great: { limit: 999_999_937, window: 2_678_399_999 },
      other: "both",
      empty: {},
    };
    const starting = createTestApp({ plugins: [limits()], settings: { limits: { policies } } });
    const error = await starting.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ cause: { code: "limits.badPolicies" } });
    const { cause } = error as Error;
    for (const name of Object.keys(policies)) expect(String(cause)).toContain(`'${name}'`);
  });
});

describe("a limit as it is written", () => {
  it.each<readonly [LimitSpec, string, object]>([
    [600, "600/min", { algorithm: "bucket", limit: 600, windowMs: 60_000, burst: 600 }],
    ["10/s", "10/s", { algorithm: "bucket", limit: 10, windowMs: 1_000 }],
    [{ limit: 5, window: "fixed" }, "5/minute", { algorithm: "fixed", windowMs: 60_000 }],
    [{ limit: 5, window: "month" }, "5/month", { algorithm: "fixed", isMonth: true }],
    [{ limit: 5, window: 2_000, per: "ip" }, "5/2000ms per ip", { per: "ip" }],
    [{ limit: 5, burst: 9 }, "5/min burst 9", { burst: 9 }],
    [{ concurrency: 4, per: "api" }, "4 concurrent per api", { windowMs: 0, limit: 4 }],
    [{ limit: 5, name: "mine" }, "mine", { onStoreFailure: "closed", cost: 1, per: "key" }],
  ])("%j is called %s", (spec, name, figures) => {
    expect(readLimit(spec)).toMatchObject({ kind: "policy", name, ...figures });
  });

  it("a word is the name of a policy", () => {
    expect(readLimit("searches")).toEqual({ kind: "reference", name: "searches" });
  });
});
