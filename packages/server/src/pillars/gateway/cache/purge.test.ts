import type { AnyPlugin } from "portico/kernel";
import { definePlugin } from "portico/kernel";
import { describeStore } from "portico/testing";
import { expect, test } from "vitest";
import { sharing } from "../table.fixture.ts";
import { caching, counting } from "./caching.fixture.ts";
import type { Caching } from "./caching.fixture.ts";
import { purgeOf, toChange } from "./changes.ts";
import type { Purge } from "./store.ts";

const operator = { permissions: [], instancePermissions: ["gateway:purge"] };

/** Another process, as far as the feed is concerned. */
function listener(heard: string[]): AnyPlugin {
  return definePlugin({
    id: "other",
    version: "1.0.0",
    engine: "^1",
    start: (ctx) => {
      ctx.changes.watch("gateway.cache", (id) => heard.push(id));
      return Promise.resolve({});
    },
  });
}

describeStore("a purge", (open) => {
  const opened = async (heard: string[]): Promise<Caching & AsyncDisposable> => {
    const database = await open();
    const tagged = {
      "cache-control": "max-age=60",
      "cache-tag": "all, product-7",
      "surrogate-key": "p7 x",
    };
    const it = await caching({
      listener: counting(tagged),
      driver: database.driver,
      api: { routes: [{ path: "/a/*", cache: { tags: ["routes"] } }, { path: "/b/*" }] },
      plugins: [listener(heard)],
    });
    return {
      ...it,
      [Symbol.asyncDispose]: async () => {
        await it[Symbol.asyncDispose]();
        await database[Symbol.asyncDispose]();
      },
    };
  };

  test.each([
    [{ tags: ["product-7"] }, 2],
    [{ tags: ["p7", "unknown"] }, 2],
    [{ tags: ["routes"] }, 1],
    [{ path: "/a/1" }, 1],
    [{ path: "/b/*" }, 1],
    [{ path: "/b/*", api: "none" }, 0],
    [{ api: "shop" }, 2],
    [{ all: true }, 2],
  ])("takes out what it names, here and in every process: %j", async (body, purged) => {
    const heard: string[] = [];
    await using it = await opened(heard);
    await it.ask("/a/1");
    await it.ask("/b/1?x=1");
    const reply = await it.app.as(operator).post("/gateway/cache/purge", body);
    expect(reply.status).toBe(204);
    const again = [await it.ask("/a/1"), await it.ask("/b/1?x=1")];
    expect(again.filter(({ cache }) => !cache.includes("hit"))).toHaveLength(purged);
    await expect
      .poll(async () => {
        await it.clock.advance(500);
        return heard.length;
      })
      .toBe(1);
    expect(purgeOf(heard[0] ?? "").kind).toBe(Object.keys(body)[0]);
  });

  test("that names two things or nothing is refused, and takes nothing out", async () => {
    await using it = await opened([]);
    await it.ask("/a/1");
    for (const body of [{}, { all: true, tags: ["all"] }, { path: "/a/1", all: true }]) {
      const reply = await it.app.as(operator).post("/gateway/cache/purge", body);
      expect(reply.status).toBe(422);
      expect(reply.json()).toMatchObject({ code: "gateway.badPurge" });
    }
    expect((await it.ask("/a/1")).cache).toContain("hit");
  });

  test("is the installation's: an organization's own callers may not", async () => {
    await using it = await opened([]);
    await it.ask("/a/1");
    const reply = await it.app
      .as({ permissions: ["*"] })
      .post("/gateway/cache/purge", { all: true });
    expect(reply.status).toBe(403);
    expect((await it.ask("/a/1")).cache).toContain("hit");
  });
});

describeStore("what an unsafe call has changed", (open) => {
  const two = async (
    heard: string[],
  ): Promise<AsyncDisposable & { readonly all: readonly Caching[] }> => {
    const database = await open();
    const options = {
      listener: counting({ "cache-control": "max-age=60" }),
      driver: database.driver,
      plugins: [listener(heard)],
    };
    const first = await caching(options);
    const driver = sharing(database.driver);
    const all = [await caching({ ...options, driver, plugins: [], keyringOf: first.app }), first];
    return {
      all,
      [Symbol.asyncDispose]: async () => {
        for (const each of all) await each[Symbol.asyncDispose]();
        await database[Symbol.asyncDispose]();
      },
    };
  };
  const turn = (all: readonly Caching[]) => Promise.all(all.map(({ clock }) => clock.advance(500)));

  test("is served by no other process any more, and what it did not change is", async () => {
    await using servers = await two([]);
    const [other, one] = servers.all;
    if (one === undefined || other === undefined) throw new TypeError("there are two");
    for (const path of ["/a/1", "/a/2"]) await other.ask(path, { host: "shop.test" });
    expect((await other.ask("/a/1", { host: "shop.test" })).cache).toContain("hit");
    await one.ask("/a/1", { host: "shop.test" }, "POST");
    // What this process has stored since is not dropped when its own change comes back to it.
    await one.ask("/a/1", { host: "shop.test" });
    await expect
      .poll(async () => {
        await turn(servers.all);
        return (await other.ask("/a/1", { host: "shop.test" })).cache.includes("fwd=uri-miss");
      })
      .toBe(true);
    expect((await other.ask("/a/2", { host: "shop.test" })).cache).toContain("hit");
    expect((await one.ask("/a/1", { host: "shop.test" })).cache).toContain("hit");
  });

  test("is told once a second however many calls there are: beyond some targets, as all of the API", async () => {
    const heard: string[] = [];
    await using servers = await two(heard);
    const [, one] = servers.all;
    if (one === undefined) throw new TypeError("there are two");
    for (let count = 0; count < 200; count += 1) await one.ask(`/a/${count % 150}`, {}, "POST");
    await expect
      .poll(async () => {
        await turn(servers.all);
        return heard.length;
      })
      .toBe(2);
    expect(heard.map((id) => purgeOf(id).kind)).toEqual(["uris", "api"]);
    for (let count = 0; count < 50; count += 1) await one.ask("/a/1", {}, "POST");
    await expect
      .poll(async () => {
        await turn(servers.all);
        return heard.length;
      })
      .toBeGreaterThan(2);
    await turn(servers.all);
    expect(heard.length).toBeLessThanOrEqual(4);
  });
});

test("a purge is the same when it comes back from the feed; what cannot be read is everything", () => {
  const purges: Purge[] = [
    { kind: "all" },
    { kind: "api", api: "shop" },
    { kind: "path", path: "/a*", api: "shop" },
    { kind: "tags", tags: ['"', "ü"] },
    { kind: "uris", uris: ["shop\nhost\n/a?b"] },
  ];
  for (const purge of purges) expect(purgeOf(toChange(purge))).toEqual(purge);
  expect(purgeOf("*")).toEqual({ kind: "all" });
  expect(purgeOf('{"kind":"other"}')).toEqual({ kind: "all" });
});
