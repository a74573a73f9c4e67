// The gateway with the pillars it stands on: what becomes of real keys on their way to the application.
import { expect, test } from "vitest";
import { describeStore } from "../packages/server/src/kernel/testing/describe-store.ts";
import { createTestApp, type TestApp } from "../packages/server/src/kernel/testing/index.ts";
import {
  httpUpstream,
  type Upstream,
} from "../packages/server/src/pillars/gateway/upstreams.fixture.ts";
import { builtIns } from "../packages/server/src/platform.ts";

interface Shop extends AsyncDisposable {
  readonly app: TestApp;
  readonly url: string;
  readonly key: string;
  readonly upstream: Upstream;
}

describeStore("a key that opens a fronted application", (open) => {
  const openShop = async (): Promise<Shop> => {
    const upstream = await httpUpstream((_request, response) => response.end('{"paid":true}'));
    const database = await open();
    const emits = [{ on: { method: "POST", path: "/pay" }, type: "invoice.paid" }];
    const apis = [
      { id: "shop", basePath: "/shop", upstream: upstream.url, auth: "key", emits },
      {
        id: "all",
        basePath: "/all",
        upstream: upstream.url,
        auth: "key",
        forwardCredentials: true,
      },
    ].map((api) => ({ ...api, stripBasePath: true }));
    const app = await createTestApp({
      plugins: builtIns(),
      driver: database.driver,
      settings: { gateway: { apis } },
    });
    const { url } = await app.listen("127.0.0.1", 0);
    const made = await app.as().post("/keys", { name: "Acme", permissions: [] });
    const { key } = made.json() as { readonly key: string };
    return {
      app,
      url,
      key,
      upstream,
      [Symbol.asyncDispose]: async () => {
        await app.stop(1_000);
        await database[Symbol.asyncDispose]();
        await upstream[Symbol.asyncDispose]();
      },
    };
  };

  test("ends at the gateway in either header; what is the application's own goes on", async () => {
    await using shop = await openShop();
    const { url, key, upstream } = shop;
    const ways = [
      { authorization: `Bearer ${key}` },
      { authorization: `bearer  ${key}` },
      { "x-api-key": key },
      { "x-api-key": key, authorization: "Basic YTpi" },
    ];
    for (const headers of ways) {
      expect((await fetch(`${url}/shop/invoices`, { headers })).status).toBe(200);
    }
    expect(JSON.stringify(upstream.seen)).not.toContain(key);
    expect(upstream.seen.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      undefined,
      undefined,
      "Basic YTpi",
    ]);
    expect((await fetch(`${url}/all/invoices`, { headers: { "x-api-key": key } })).status).toBe(
      200,
    );
    expect(upstream.seen.at(-1)?.headers["x-api-key"]).toBe(key);
  });

  test("two of them, a broken one, or none never reach the application, and are told why", async () => {
    await using shop = await openShop();
    const { url, key, upstream } = shop;
    const refused: readonly [Record<string, string>, number, string][] = [
      [{ authorization: `Bearer ${key}`, "x-api-key": key }, 400, "keys.twoKeys"],
      [{ "x-api-key": `${key.slice(0, -1)}${key.endsWith("a") ? "b" : "a"}` }, 401, "keys.invalid"],
      [{ authorization: "Bearer of-another-house" }, 401, "access.unauthenticated"],
      [{}, 401, "access.unauthenticated"],
    ];
    for (const [headers, status, code] of refused) {
      const reply = await fetch(`${url}/shop/pay`, { method: "POST", headers });
      expect([reply.status, await reply.json()]).toMatchObject([status, { code }]);
    }
    expect(upstream.seen).toHaveLength(0);
    expect(await paidEvents(shop.app)).toEqual([]);
  });

  test("is the actor of the event that its call makes, which is stored when the caller is answered", async () => {
    await using shop = await openShop();
    const headers = { "x-api-key": shop.key };
    const reply = await fetch(`${shop.url}/shop/pay`, { method: "POST", headers });
    expect([reply.status, await reply.text()]).toEqual([200, '{"paid":true}']);
    const [paid, ...others] = await paidEvents(shop.app);
    expect(others).toHaveLength(0);
    expect(paid).toMatchObject({ type: "invoice.paid", data: { paid: true } });
    expect(paid?.event.actor).toMatch(/^key_/);
  });
});

async function paidEvents(app: TestApp): ReturnType<TestApp["events"]> {
  return (await app.events()).filter(({ type }) => type === "invoice.paid");
}
