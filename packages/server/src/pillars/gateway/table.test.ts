// The table of routes over its API: what may be changed by whom, when it is in force, and how one goes back.
import { describe, expect, it } from "vitest";
import { describeStore } from "portico/testing";
import { sharing, tableApp } from "./table.fixture.ts";
import { httpUpstream } from "./upstreams.fixture.ts";
import type { Upstream } from "./upstreams.fixture.ts";

const upstreamOf = (name: string): Promise<Upstream> =>
  httpUpstream((request, response) => response.end(`${name} ${request.url ?? ""}`));

interface Named {
  readonly id: string;
}

interface Listed {
  readonly data: readonly { readonly number: number; readonly actor: string }[];
}

interface ListedRoutes {
  readonly data: readonly Record<string, unknown>[];
}

function idOf(reply: { json(): unknown }): string {
  return (reply.json() as Named).id;
}

describeStore("the table of routes", (open) => {
  it("has a new API in force when its caller is answered, and not any more when it is deleted", async () => {
    await using database = await open();
    await using upstream = await upstreamOf("shop");
    await using server = await tableApp({}, { driver: database.driver });
    const { operator, url } = server;
    expect((await fetch(`${url}/shop/a`)).status).toBe(404);
    const body = { id: "shop", basePath: "/shop", upstream: upstream.url };
    const made = await operator.post("/gateway/apis", body);
    expect([made.status, made.json(), made.headers["etag"]]).toMatchObject([
      201,
      { ...body, source: "api", revision: 1 },
      '"1"',
    ]);
    expect(await (await fetch(`${url}/shop/a`)).text()).toBe("shop /shop/a");
    const changed = await operator.patch("/gateway/apis/shop", { stripBasePath: true });
    expect(changed.json()).toMatchObject({ revision: 2, stripBasePath: true, basePath: "/shop" });
    expect(await (await fetch(`${url}/shop/a`)).text()).toBe("shop /a");
    expect(
      (await operator.patch("/gateway/apis/shop", { stripBasePath: null })).json(),
    ).not.toHaveProperty("stripBasePath");
    expect((await operator.delete("/gateway/apis/shop")).status).toBe(204);
    expect((await fetch(`${url}/shop/a`)).status).toBe(404);
    expect((await operator.get("/gateway/apis/shop")).status).toBe(404);
  });

  it("unites routes of the file with those of the API, which may only change its own", async () => {
    await using database = await open();
    await using upstream = await upstreamOf("shop");
    const shop = {
      id: "shop",
      basePath: "/shop",
      upstream: upstream.url,
      routes: [{ path: "/fixed", methods: ["GET"] }],
    };
    await using server = await tableApp({ apis: [shop] }, { driver: database.driver });
    const { operator, url } = server;
    const made = await operator.post("/gateway/routes", { path: "/added", methods: ["GET"] });
    expect(made.json()).toMatchObject({ api: "shop", path: "/added", source: "api" });
    for (const path of ["fixed", "added"]) {
      expect(await (await fetch(`${url}/shop/${path}`)).text()).toBe(`shop /shop/${path}`);
    }
    const seen = (await operator.get("/gateway/routes")).json() as { readonly data: Named[] };
    expect(seen.data).toMatchObject([
      { id: idOf(made), path: "/shop/added", source: "api", active: true },
      { id: "shop GET /shop/fixed", path: "/shop/fixed", source: "config", revision: 0 },
    ]);
    const fixed = `/gateway/routes/${encodeURIComponent("shop GET /shop/fixed")}`;
    expect((await operator.get(fixed)).json()).toMatchObject({ path: "/shop/fixed" });
    for (const refused of [
      await operator.patch(fixed, { rateLimit: 5 }),
      await operator.delete(fixed),
      await operator.patch("/gateway/apis/shop", { rateLimit: 5 }),
      await operator.delete("/gateway/apis/shop"),
    ]) {
      expect([refused.status, refused.json()]).toMatchObject([409, { code: "gateway.pinned" }]);
    }
    const twin = await operator.post("/gateway/apis", { id: "shop", upstream: upstream.url });
    expect([twin.status, twin.json()]).toMatchObject([409, { code: "gateway.exists" }]);
    expect((await operator.delete(`/gateway/routes/${idOf(made)}`)).status).toBe(204);
    expect((await fetch(`${url}/shop/added`)).status).toBe(404);
    expect((await fetch(`${url}/shop/fixed`)).status).toBe(200);
  });

  it("goes back to an earlier revision, which is a new one, and never touches the file", async () => {
    await using database = await open();
    await using upstream = await upstreamOf("shop");
    const apis = [{ id: "file", basePath: "/file", upstream: upstream.url }];
    await using server = await tableApp({ apis }, { driver: database.driver });
    const { operator, url, app } = server;
    await operator.post("/gateway/apis", { id: "shop", basePath: "/shop", upstream: upstream.url });
    await operator.patch("/gateway/apis/shop", { basePath: "/store" });
    await operator.delete("/gateway/apis/shop");
    expect((await fetch(`${url}/shop/a`)).status).toBe(404);
    const back = await operator.post("/gateway/revisions/1/activate");
    expect(back.json()).toMatchObject({ number: 4, cause: "rollback", of: 1, active: true });
    expect((await fetch(`${url}/shop/a`)).status).toBe(200);
    expect((await fetch(`${url}/file/a`)).status).toBe(200);
    // A state of the object that somebody may still know has another revision.
    expect((await operator.get("/gateway/apis/shop")).json()).toMatchObject({ revision: 2 });
    expect((await operator.post("/gateway/revisions/4/activate")).json()).toMatchObject({
      number: 4,
    });
    expect((await operator.post("/gateway/revisions/99/activate")).status).toBe(404);
    const listed = (await operator.get("/gateway/revisions")).json() as Listed;
    expect(listed.data.map(({ number, actor }) => [number, actor])).toEqual([
      [4, "user_operator"],
      [3, "user_operator"],
      [2, "user_operator"],
      [1, "user_operator"],
    ]);
    expect((await app.events()).map(({ type, data }) => [type, data])).toMatchObject([
      [
        "gateway.activated",
        { revision: 1, changes: [{ kind: "api", id: "shop", action: "created" }] },
      ],
      ["gateway.activated", { revision: 2, changes: [{ action: "updated" }] }],
      ["gateway.activated", { revision: 3, changes: [{ action: "deleted" }] }],
      [
        "gateway.activated",
        { revision: 4, cause: "rollback", of: 1, changes: [{ action: "created" }] },
      ],
    ]);
  });

  it("keeps the last ten revisions, each of them as it was", async () => {
    await using database = await open();
    await using server = await tableApp({}, { driver: database.driver });
    const { operator } = server;
    const body = { id: "shop", upstream: "http://127.0.0.1:9" };
    await operator.post("/gateway/apis", body);
    for (let number = 2; number <= 14; number += 1) {
      await operator.patch("/gateway/apis/shop", { rateLimit: number });
    }
    const { data } = (await operator.get("/gateway/revisions")).json() as Listed;
    expect(data.map(({ number }) => number)).toEqual([14, 13, 12, 11, 10, 9, 8, 7, 6, 5]);
    expect((await operator.post("/gateway/revisions/4/activate")).status).toBe(404);
    expect((await operator.post("/gateway/revisions/5/activate")).status).toBe(200);
    expect((await operator.get("/gateway/apis/shop")).json()).toMatchObject({ rateLimit: 5 });
  });

  it("lets many change it at once: none is lost, and of two that cannot both be, one is refused", async () => {
    await using database = await open();
    await using server = await tableApp(
      { apis: [{ id: "shop", upstream: "http://127.0.0.1:9", routes: [] }] },
      { driver: database.driver },
    );
    const { operator, face } = server;
    const many = await Promise.all(
      Array.from({ length: 12 }, (_each, index) =>
        operator.post("/gateway/routes", { path: `/r/${index}` }),
      ),
    );
    expect(many.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 201));
    expect(face.routes()).toHaveLength(12);
    const twins = await Promise.all(
      Array.from({ length: 4 }, () => operator.post("/gateway/routes", { path: "/same" })),
    );
    expect(twins.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      201, 422, 422, 422,
    ]);
  });

  it("is followed by another process within its poll, and asks nothing of the first", async () => {
    await using database = await open();
    await using upstream = await upstreamOf("shop");
    await using one = await tableApp({}, { driver: database.driver });
    const keyringOf = one.app;
    const other = await tableApp({}, { driver: sharing(database.driver), keyringOf });
    const body = { id: "shop", basePath: "/shop", upstream: upstream.url };
    await one.operator.post("/gateway/apis", body);
    await expect
      .poll(async () => (await fetch(`${other.url}/shop/a`)).status, { timeout: 5_000 })
      .toBe(200);
    // What is listed there is what was answered here a moment ago.
    await one.operator.delete("/gateway/apis/shop");
    expect((await other.operator.get("/gateway/apis")).json()).toMatchObject({ data: [] });
    await other[Symbol.asyncDispose]();
  });

  it("starts all the same when rows stand against a configuration that was changed meanwhile", async () => {
    await using database = await open();
    const upstream = "http://127.0.0.1:9";
    const first = await tableApp({}, { driver: sharing(database.driver) });
    await first.operator.post("/gateway/apis", {
      id: "shop",
      basePath: "/shop",
      upstream,
      routes: [{ path: "/a" }, { path: "/b" }],
    });
    await first[Symbol.asyncDispose]();
    const apis = [{ id: "files", basePath: "/shop", upstream, routes: [{ path: "/a" }] }];
    const keyringOf = first.app;
    await using server = await tableApp({ apis }, { driver: database.driver, keyringOf });
    const { data } = (await server.operator.get("/gateway/routes")).json() as ListedRoutes;
    expect(data).toHaveLength(3);
    expect(data.find(({ path, source }) => path === "/shop/a" && source === "api")).toMatchObject({
      active: false,
      problem: expect.stringContaining("are both all methods /shop/a") as string,
    });
    expect(data.filter(({ active }) => active === true)).toHaveLength(2);
    const health = async (): Promise<unknown> =>
      (await server.app.inject({ url: "/health" })).json();
    expect(await health()).toMatchObject({ status: "degraded" });
    // Deleting the row that stands in the way is what was to be possible.
    const wrong = data.find(({ active }) => active === false);
    expect((await server.operator.delete(`/gateway/routes/${String(wrong?.["id"])}`)).status).toBe(
      204,
    );
    // A health report is remembered for a moment.
    await expect.poll(health, { timeout: 10_000 }).toMatchObject({ status: "ok" });
  });
});

describe("whoever changes the table", () => {
  const shop = { id: "shop", basePath: "/shop", upstream: "http://127.0.0.1:9" };

  it("needs a permission over the installation, which no organization's * holds", async () => {
    await using server = await tableApp();
    const { app, operator } = server;
    expect((await app.as().post("/gateway/apis", shop)).status).toBe(403);
    expect((await app.as().get("/gateway/routes")).status).toBe(403);
    const reader = app.as({ instancePermissions: ["gateway:read"] });
    expect((await reader.get("/gateway/routes")).status).toBe(200);
    expect((await reader.post("/gateway/apis", shop)).status).toBe(403);
    expect((await app.inject({ url: "/api/v1/gateway/apis" })).status).toBe(401);
    expect((await operator.get("/gateway/apis")).json()).toMatchObject({ data: [] });
  });

  it("is told of another's change by 412, and may repeat a creation by its key", async () => {
    await using server = await tableApp();
    const { operator } = server;
    const key = { "idempotency-key": "first-shop" };
    const first = await operator.post("/gateway/apis", shop, key);
    const again = await operator.post("/gateway/apis", shop, key);
    expect([first.status, again.status, again.headers["idempotency-replayed"]]).toEqual([
      201,
      201,
      "true",
    ]);
    expect(
      (await operator.patch("/gateway/apis/shop", { rateLimit: 5 }, { "if-match": '"1"' })).status,
    ).toBe(200);
    const stale = await operator.patch(
      "/gateway/apis/shop",
      { rateLimit: 6 },
      { "if-match": '"1"' },
    );
    expect([stale.status, stale.json()]).toMatchObject([412, { code: "request.revision" }]);
    expect((await operator.delete("/gateway/apis/shop", { "if-match": '"1"' })).status).toBe(412);
    expect((await operator.get("/gateway/apis/shop")).json()).toMatchObject({ rateLimit: 5 });
  });

  it("hears ten mistakes of form at once, and ten of meaning at once, and changes nothing", async () => {
    await using server = await tableApp({
      apis: [{ ...shop, routes: [{ path: "/a" }, { path: "/b" }] }],
    });
    const { operator, face } = server;
    const form = await operator.post("/gateway/routes", {
      path: "no-slash",
      methods: ["get", 7],
      name: 1,
      auth: "maybe",
      permissions: "all",
      rateLimit: "not often",
      active: "yes",
      description: [],
      deprecated: 1,
      colour: "blue",
      timeouts: { totalMs: -1 },
    });
    expect(form.status).toBe(422);
    const { errors } = form.json() as { readonly errors: readonly { readonly pointer: string }[] };
    for (const pointer of [
      "/path",
      "/methods/0",
      "/methods/1",
      "/name",
      "/auth",
      "/permissions",
      "/rateLimit",
      "/active",
      "/description",
      "/deprecated",
      "/colour",
      "/timeouts/totalMs",
    ]) {
      expect(errors.map((each) => each.pointer)).toContain(pointer);
    }
    const routes = [
      { path: "/a" },
      { path: "/b" },
      { path: "/{}" },
      { path: "/x/{id" },
      { path: "/a/../b" },
      { path: "/y//z" },
      { path: "/*/z" },
      { path: "/p", permissions: ["a:b"], auth: "none" },
      { path: "/q", rateLimit: "1/h" },
      { path: "/q" },
      { path: "/{same}/{same}" },
    ];
    const meaning = await operator.post("/gateway/apis", {
      id: "second",
      basePath: "/shop",
      upstream: "nowhere",
      routes,
    });
    expect([meaning.status, meaning.json()]).toMatchObject([422, { code: "gateway.invalid" }]);
    const named = await operator.post("/gateway/apis", { ...shop, id: "second", routes });
    const told = JSON.stringify(named.json());
    for (const part of [
      "are both all methods /shop/a",
      "are both all methods /shop/b",
      "has a parameter without a name",
      "has a brace without its partner",
      "'/shop/a/../b' is no path template",
      "'/shop/y//z' is no path template",
      "has a * that is not its end",
      "asks for permissions but for no credential",
      "are both all methods /shop/q",
      "has the parameter 'same' twice",
    ]) {
      expect(told).toContain(part);
    }
    expect(face.routes()).toHaveLength(2);
    expect((await operator.get("/gateway/revisions")).json()).toMatchObject({ data: [] });
  });

  it("may name upstreams only in the networks that the operator allows, by address or by name", async () => {
    await using upstream = await upstreamOf("local");
    const { port } = new URL(upstream.url);
    const open = { upstreamAllow: ["127.0.0.0/8"] };
    await using server = await tableApp(open);
    const { operator, url } = server;
    for (const address of [
      "169.254.169.254",
      "10.0.0.1",
      "[::ffff:169.254.169.254]",
      "8.8.8.8",
      "[fd00::1]",
    ]) {
      const refused = await operator.post("/gateway/apis", {
        ...shop,
        upstream: `http://${address}`,
      });
      expect([address, refused.status]).toEqual([address, 422]);
      expect(refused.text).toContain("is in no network of `gateway.upstreamAllow`");
      const named = { id: "pool", targets: [{ url: `http://${address}` }] };
      await operator.post("/gateway/upstreams", named);
      const api = { ...shop, upstream: "pool" };
      expect([address, (await operator.post("/gateway/apis", api)).status]).toEqual([address, 422]);
      await operator.delete("/gateway/upstreams/pool");
    }
    await operator.post("/gateway/apis", { ...shop, upstream: `http://localhost:${port}` });
    expect(await (await fetch(`${url}/shop/a`)).text()).toBe("local /shop/a");
    await using narrow = await tableApp({ upstreamAllow: ["192.0.2.0/24"] });
    await narrow.operator.post("/gateway/apis", { ...shop, upstream: `http://localhost:${port}` });
    const reply = await fetch(`${narrow.url}/shop/a`);
    expect([reply.status, await reply.json()]).toMatchObject([
      502,
      { code: "gateway.upstreamUnreachable" },
    ]);
    // What the file says may be anywhere.
    const apis = [{ ...shop, upstream: upstream.url }];
    await using pinned = await tableApp({ ...open, upstreamAllow: ["192.0.2.0/24"], apis });
    expect((await fetch(`${pinned.url}/shop/a`)).status).toBe(200);
  });

  it("cannot delete an upstream that an API names", async () => {
    await using server = await tableApp();
    const { operator } = server;
    const pool = { id: "pool", targets: [{ url: "http://127.0.0.1:9" }] };
    expect((await operator.post("/gateway/upstreams", pool)).status).toBe(201);
    expect((await operator.post("/gateway/apis", { ...shop, upstream: "pool" })).status).toBe(201);
    const refused = await operator.delete("/gateway/upstreams/pool");
    expect([refused.status, refused.json()]).toMatchObject([422, { code: "gateway.invalid" }]);
    expect(refused.text).toContain("none of `upstreams`");
    await operator.delete("/gateway/apis/shop");
    expect((await operator.delete("/gateway/upstreams/pool")).status).toBe(204);
    expect((await operator.get("/gateway/upstreams")).json()).toEqual({ data: [], next: null });
  });
});
