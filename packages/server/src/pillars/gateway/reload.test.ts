// Another configuration in a running server: put in force whole or not at all, and no call fails on the way.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Route } from "./call.ts";
import { folderOf } from "./openapi/documents.fixture.ts";
import type { GatewaySettings } from "./settings.ts";
import { settingsOf, tableApp } from "./table.fixture.ts";
import type { TableApp } from "./table.fixture.ts";
import { Table } from "./table/index.ts";
import { httpUpstream } from "./upstreams.fixture.ts";

const ROUTES = 500;

function configOf(server: TableApp, change: Record<string, unknown>): GatewaySettings {
  // The fixture's settings have passed the gateway's schema; what is changed here would pass it, too.
  return { ...settingsOf(server), ...change } as GatewaySettings;
}

function shop(upstream: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const routes = Array.from({ length: ROUTES }, (_each, index) => ({ path: `/r/${index}/{id}` }));
  return { id: "shop", basePath: "/shop", upstream, routes, ...more };
}

describe("a reload", () => {
  it("says what it changed, and has the new routes in force when it has settled", async () => {
    await using upstream = await httpUpstream((_request, response) => response.end("ok"));
    await using server = await tableApp({
      apis: [{ id: "one", basePath: "/one", upstream: upstream.url }],
    });
    const { face, url } = server;
    const apis = [
      { id: "one", basePath: "/uno", upstream: upstream.url },
      { id: "two", basePath: "/two", upstream: upstream.url },
    ];
    expect(await face.reload(configOf(server, { apis }))).toEqual({
      changed: { added: ["api two"], changed: ["api one"], removed: [] },
    });
    const statuses = ["one", "uno", "two"].map(
      async (path) => (await fetch(`${url}/${path}`)).status,
    );
    expect(await Promise.all(statuses)).toEqual([404, 200, 200]);
    expect(await face.reload(configOf(server, { apis: [] }))).toEqual({
      changed: { added: [], changed: [], removed: ["api one", "api two"] },
    });
    expect((await fetch(`${url}/two`)).status).toBe(404);
  });

  it("with mistakes names all of them and leaves the old table in force", async () => {
    await using upstream = await httpUpstream((_request, response) => response.end("ok"));
    await using server = await tableApp({ apis: [shop(upstream.url)] });
    const { face, url, operator } = server;
    const made = await operator.post("/gateway/routes", { path: "/row" });
    const apis = [
      shop(upstream.url, { routes: [{ path: "/row" }, { path: "/x/{" }] }),
      shop("pool", { basePath: "/other" }),
      shop("http://root:hunter2@127.0.0.1", { id: "secret", basePath: "/api/v1" }),
    ];
    const { mistakes } = await face.reload(configOf(server, { apis }));
    const told = mistakes?.join("\n") ?? "";
    for (const part of [
      "are both all methods /shop/row",
      "'/shop/x/{' is no path template",
      "two APIs have the id 'shop'",
      "'pool' is no address and none of `upstreams`",
      "api 'secret': its upstream holds a user or password",
    ]) {
      expect(told).toContain(part);
    }
    expect(told).not.toContain("hunter2");
    expect(made.status).toBe(201);
    for (const path of ["row", "r/7/a"]) {
      expect((await fetch(`${url}/shop/${path}`)).status).toBe(200);
    }
  });

  it("fails no call: a hundred of them under load, with upstreams that go and come back", async () => {
    await using first = await httpUpstream((_request, response) => response.end("one"));
    await using second = await httpUpstream((_request, response) => {
      // Slow enough for many calls to be under way when their upstream is let go.
      setTimeout(() => response.end("two"), 5);
    });
    await using server = await tableApp({ apis: [shop(first.url)] });
    const { face, url } = server;
    const state = { isOver: false };
    const answers = new Map<string, number>();
    const load = Array.from({ length: 8 }, async (_each, lane) => {
      for (let count = 0; !state.isOver; count += 1) {
        const reply = await fetch(`${url}/shop/r/${(lane * 61 + count) % ROUTES}/x`);
        const answer = `${reply.status} ${await reply.text()}`;
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
      }
    });
    for (let round = 0; round < 100; round += 1) {
      const target = round % 2 === 0 ? second.url : first.url;
      const { mistakes } = await face.reload(
        configOf(server, {
          apis: [shop(target, { connectionsMax: 4 + (round % 3), rateLimit: 1_000 + round })],
        }),
      );
      expect(mistakes).toBeUndefined();
    }
    state.isOver = true;
    await Promise.all(load);
    expect([...answers.keys()].toSorted()).toEqual(["200 one", "200 two"]);
    expect([...answers.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(200);
  }, 60_000);

  it("keeps connections to upstreams that it keeps, and closes the others when their last call has ended", async () => {
    const held: (() => void)[] = [];
    await using kept = await httpUpstream((_request, response) => response.end("kept"));
    await using gone = await httpUpstream((_request, response) =>
      held.push(() => response.end("late")),
    );
    const one = { id: "kept", basePath: "/kept", upstream: kept.url };
    const other = { id: "gone", basePath: "/gone", upstream: gone.url };
    await using server = await tableApp({ apis: [one, other] });
    const { face, url } = server;
    await (await fetch(`${url}/kept`)).text();
    const late = fetch(`${url}/gone`);
    await expect.poll(() => held.length).toBe(1);
    const [socket] = kept.sockets;
    await face.reload(configOf(server, { apis: [{ ...one, auth: "none" }] }));
    expect((await fetch(`${url}/gone`)).status).toBe(404);
    expect(gone.sockets.size).toBe(1);
    for (const end of held) end();
    expect(await (await late).text()).toBe("late");
    await expect.poll(() => gone.sockets.size).toBe(0);
    await (await fetch(`${url}/kept`)).text();
    expect([...kept.sockets]).toEqual([socket]);
  });

  it("of thousands of routes leaves the event loop to calls in between", async () => {
    const routes = Array.from({ length: 5_000 }, (_each, index) => ({
      path: `/deep/path/${index}/{id}/parts/{part}`,
      methods: ["GET", "POST"],
      permissions: ["shop:read"],
    }));
    await using server = await tableApp();
    const { face } = server;
    const api = { id: "shop", upstream: "http://127.0.0.1:9", auth: "key", routes };
    const state = { isOver: false, turns: 0 };
    const turning = (async () => {
      while (!state.isOver) {
        await wait(0);
        state.turns += 1;
      }
    })();
    await face.reload(configOf(server, { apis: [api] }));
    state.isOver = true;
    await turning;
    expect(face.routes()).toHaveLength(5_000);
    // Built in one piece there would be none.
    expect(state.turns).toBeGreaterThan(5);
  });

  it("takes over every route but the one that changed, of an API, of a version, and of rows", async () => {
    const routes = [{ path: "/a" }, { path: "/b/{id}" }, { path: "/c" }];
    const plain = { id: "plain", basePath: "/plain", upstream: "http://127.0.0.1:9", routes };
    const versions = ["2026-01-01", "2026-06-01"].map((id) => ({
      id,
      routes: [{ path: "/a" }, { path: "/b" }],
    }));
    const dated = { id: "dated", basePath: "/dated", upstream: "http://127.0.0.1:9", versions };
    const apis = [plain, dated];
    await using server = await tableApp({ apis });
    const { face, operator } = server;
    const table = server.app.context("gateway").get(Table);
    const replaced = async (change: () => Promise<unknown>): Promise<readonly string[]> => {
      const before = new Set<Route>(table.inForce.compiled.routes);
      await change();
      const { routes: now } = table.inForce.compiled;
      return now
        .filter((route) => !before.has(route))
        .map(({ id, version }) => `${version?.id ?? ""} ${id}`.trim());
    };
    const reload = (changed: object[]) => async (): Promise<void> => {
      // Every object is a new one, as when a file is read again.
      const read = JSON.parse(JSON.stringify(changed)) as object[];
      expect(await face.reload(configOf(server, { apis: read }))).not.toHaveProperty("mistakes");
    };
    // The first configuration has the defaults of its schema, which what is read here has not.
    await reload(apis)();
    expect(await replaced(reload(apis))).toEqual([]);
    const other = {
      ...plain,
      routes: [{ path: "/a" }, { path: "/new" }, { path: "/b/{id}", rateLimit: 5 }, { path: "/c" }],
    };
    expect(await replaced(reload([other, dated]))).toEqual([
      "plain /plain/new",
      "plain /plain/b/{id}",
    ]);
    const [first, second] = versions;
    const newer = {
      ...dated,
      versions: [first, { ...second, routes: [{ path: "/a" }, { path: "/b", auth: "key" }] }],
    };
    expect(await replaced(reload([other, newer]))).toEqual(["2026-06-01 dated /dated/b"]);
    const added = await operator.post("/gateway/routes", { api: "plain", path: "/row" });
    expect(added.status).toBe(201);
    const change = { rateLimit: 7 };
    const path = `/gateway/routes/${(added.json() as { id: string }).id}`;
    expect(await replaced(() => operator.patch(path, change))).toEqual(["plain /plain/row"]);
    expect(await replaced(reload([other, newer]))).toEqual([]);
  });

  it("refuses a mistake as often as it is tried, though all else is taken over", async () => {
    await using server = await tableApp({
      apis: [shop("http://127.0.0.1:9", { routes: [{ path: "/a" }] })],
    });
    const wrong = { path: "/b", permissions: ["a:read"] };
    const settings = configOf(server, {
      apis: [shop("http://127.0.0.1:9", { routes: [{ path: "/a" }, wrong] })],
    });
    for (let round = 0; round < 3; round += 1) {
      const { mistakes } = await server.face.reload(settings);
      expect(mistakes).toEqual([
        expect.stringContaining("asks for permissions but for no credential"),
      ]);
    }
  });

  it("takes a document over whose text is the same, and reads one that has changed", async () => {
    const operation = { responses: { 200: { description: "ok" } } };
    const text = (...paths: readonly string[]): string =>
      JSON.stringify({
        openapi: "3.1.0",
        info: { title: "t", version: "1" },
        paths: Object.fromEntries(paths.map((path) => [path, { get: operation }])),
      });
    await using folder = await folderOf({ "one.json": text("/a", "/b"), "two.json": text("/c") });
    const file = (name: string) => join(folder.path, name);
    const apis = ["one", "two"].map((id) => ({
      id,
      basePath: `/${id}`,
      upstream: "http://127.0.0.1:9",
      openapi: file(`${id}.json`),
    }));
    await using server = await tableApp({ apis });
    const table = server.app.context("gateway").get(Table);
    const reloaded = async (): Promise<readonly string[]> => {
      const before = new Set<Route>(table.inForce.compiled.routes);
      const { mistakes } = await server.face.reload(
        configOf(server, { apis: structuredClone(apis) }),
      );
      expect(mistakes).toBeUndefined();
      const { routes } = table.inForce.compiled;
      return routes.filter((route) => !before.has(route)).map(({ template }) => template);
    };
    await reloaded();
    expect(await reloaded()).toEqual([]);
    await writeFile(file("one.json"), text("/a", "/new"));
    expect(await reloaded()).toEqual(["/one/a", "/one/new"]);
    await writeFile(file("two.json"), "{");
    const { mistakes } = await server.face.reload(
      configOf(server, { apis: structuredClone(apis) }),
    );
    expect(mistakes?.join()).toContain("two.json");
    await writeFile(file("two.json"), text("/c"));
    expect(await reloaded()).toEqual([]);
  });
});
