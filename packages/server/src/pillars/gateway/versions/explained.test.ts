import { anonymous, definePlugin, Explainers } from "portico/kernel";
import type { Caller, Explanation, PluginContext } from "portico/kernel";
import { createTestApp, fakeClock } from "portico/testing";
import { expect, it } from "vitest";
import { gateway } from "../plugin.ts";

const key: Caller = { ...anonymous, kind: "key", subject: "key_1" };

it("explains the version that a call would get, by path, header and pin, and what would refuse it", async () => {
  let asker: PluginContext | undefined;
  const asking = definePlugin({
    id: "asking",
    version: "1.0.0",
    engine: "^1",
    start: (ctx) => {
      asker = ctx;
      return Promise.resolve();
    },
  });
  await using app = await createTestApp({
    plugins: [gateway(), asking],
    clock: fakeClock(Date.UTC(2026, 0, 1)),
    settings: {
      gateway: {
        apis: [
          {
            id: "shop",
            upstream: "http://127.0.0.1:1",
            auth: "key",
            versions: [{ id: "v1", sunsetAt: "2025-12-31" }, { id: "v2" }, { id: "v3" }],
          },
        ],
      },
    },
  });
  const ask = async (target: string, headers = {}, pins = {}): Promise<Explanation | undefined> =>
    asker
      ?.contributions(Explainers)[0]
      ?.value.explain({ method: "GET", target, headers, caller: { ...key, pins } }, asker);
  expect(await ask("/a")).toMatchObject({ valid: true, version: "v3", route: "/*" });
  expect(await ask("/a", {}, { shop: "v2" })).toMatchObject({ valid: true, version: "v2" });
  expect(await ask("/a", { "api-version": "v3" }, { shop: "v2" })).toMatchObject({ version: "v3" });
  expect(await ask("/v2/a", { "api-version": "v3" })).toMatchObject({ version: "v2" });
  expect(await ask("/v1/a")).toMatchObject({
    valid: false,
    version: "v1",
    problems: [{ code: "gateway.versionSunset", status: 410 }],
  });
  expect(await ask("/v9/a")).toMatchObject({ problems: [{ code: "gateway.versionUnknown" }] });
  expect(app).toBeDefined();
});
