import { describe, expect, it } from "vitest";
import { caching, counting } from "./caching.fixture.ts";

const minute = { "cache-control": "max-age=60" };

describe("the key of a reply", () => {
  it("holds what Vary names, as it was sent, every line of it", async () => {
    await using it = await caching({
      listener: (incoming, response) => {
        response.writeHead(200, { ...minute, vary: "Accept-Language, User-Agent" });
        response.end(incoming.rawHeaders.filter((_, at) => at % 2 === 1).join("|"));
      },
    });
    const german = await it.ask("/a", { "accept-language": "de" });
    const english = await it.ask("/a", { "accept-language": "en" });
    expect(english.cache).toContain("fwd=vary-miss");
    expect(english.body).not.toBe(german.body);
    expect((await it.ask("/a", { "accept-language": "de" })).cache).toContain("hit");
    // node:http keeps the first of two User-Agents; an application may read the second.
    const twice = await it.ask("/a", { "accept-language": "de", "User-Agent": ["a", "b"] });
    expect(twice.cache).toContain("fwd=vary-miss");
    const once = await it.ask("/a", { "accept-language": "de", "User-Agent": "a" });
    expect(once.cache).toContain("fwd=vary-miss");
    expect(it.upstream.seen).toHaveLength(4);
  });

  it("holds the host, and no field that says another host or path reaches the application", async () => {
    await using it = await caching({
      listener: (incoming, response) => {
        response.writeHead(200, minute).end(JSON.stringify(incoming.headers));
      },
    });
    const poison = {
      host: "shop.test",
      "x-forwarded-host": "evil.test",
      "x-forwarded-proto": "evil",
      "x-forwarded-prefix": "/evil",
      "x-original-url": "/evil",
      "x-rewrite-url": "/evil",
      "x-host": "evil.test",
      "x-http-method-override": "DELETE",
      "x-forwarded-scheme": "evil",
      forwarded: "host=evil.test",
    };
    const poisoned = await it.ask("/a", poison);
    expect(poisoned.body).not.toContain("evil");
    expect(poisoned.body).toContain('"x-forwarded-host":"shop.test"');
    const other = await it.ask("/a", { host: "other.test" });
    expect(other.cache).toContain("fwd=uri-miss");
    expect(other.body).toContain('"x-forwarded-host":"other.test"');
    const plain = await it.ask("/a", { host: "SHOP.test" });
    expect(plain.body).not.toContain("evil");
  });

  it("holds the fields that the settings name, which then reach the application", async () => {
    await using it = await caching({
      listener: (incoming, response) => {
        response.writeHead(200, minute).end(String(incoming.headers["x-original-url"]));
      },
      api: { cache: { vary: ["X-Original-URL"] } },
    });
    expect((await it.ask("/a", { "x-original-url": "/1" })).body).toBe("/1");
    expect((await it.ask("/a", { "x-original-url": "/2" })).body).toBe("/2");
    expect((await it.ask("/a")).body).toBe("undefined");
    expect((await it.ask("/a", { "x-original-url": "/1" })).cache).toContain("hit");
  });

  it("holds the organization: nobody is served what another one's callers were", async () => {
    const headers = { "cache-control": "max-age=60, public" };
    await using it = await caching({ listener: counting(headers), api: { auth: "key" } });
    const as = (organization: string, subject: string) =>
      it.app.as({ kind: "key", organization, subject, permissions: [] }).headers;
    expect((await it.ask("/a", as("acme", "key_1"))).body).toBe("answer 1");
    expect((await it.ask("/a", as("acme", "key_2"))).body).toBe("answer 1");
    expect((await it.ask("/a", as("other", "key_3"))).body).toBe("answer 2");
    expect((await it.ask("/a")).status).toBe(401);
  });

  it("holds the version, however a caller named it", async () => {
    const versions = [{ id: "2026-01-01" }, { id: "2026-02-01" }];
    await using it = await caching({ listener: counting(minute), api: { versions } });
    expect((await it.ask("/a")).body).toBe("answer 1");
    expect((await it.ask("/a", { "api-version": "2026-01-01" })).body).toBe("answer 2");
    expect((await it.ask("/a", { "api-version": "2026-02-01" })).body).toBe("answer 1");
    expect((await it.ask("/2026-01-01/a")).body).toBe("answer 2");
    expect((await it.ask("/a", { "api-version": "2026-01-01" }, "DELETE")).status).toBe(200);
    expect((await it.ask("/a")).body).toBe("answer 4");
  });

  it("holds what transforms write of the caller, and of the request", async () => {
    const transform = {
      request: { headers: { set: { "X-Who": "{caller.subject} {request.header.x-lang}" } } },
    };
    await using it = await caching({
      listener: (incoming, response) => {
        const headers = { "cache-control": "max-age=60, public" };
        response.writeHead(200, headers).end(String(incoming.headers["x-who"]));
      },
      api: { auth: "key", transform },
    });
    const as = (subject: string, lang: string) => ({
      ...it.app.as({ kind: "key", subject, permissions: [] }).headers,
      "x-lang": lang,
    });
    expect((await it.ask("/a", as("key_1", "de"))).body).toBe("key_1 de");
    expect((await it.ask("/a", as("key_2", "de"))).body).toBe("key_2 de");
    expect((await it.ask("/a", as("key_2", "en"))).body).toBe("key_2 en");
    expect((await it.ask("/a", as("key_1", "de"))).cache).toContain("hit");
  });

  it("is given up with the table: a changed route answers anew, others go on", async () => {
    const routes = [{ path: "/a" }, { path: "/b" }];
    await using it = await caching({ listener: counting(minute), api: { routes } });
    const other = { id: "other", basePath: "/other", upstream: it.upstream.url, cache: true };
    const shop = { id: "shop", upstream: it.upstream.url, cache: true, rateLimit: 1, routes };
    const reload = (apis: readonly object[]) => it.reload({ apis });
    expect((await reload([shop, other])).mistakes).toBeUndefined();
    await it.ask("/a");
    await it.ask("/other/a");
    await reload([
      { ...shop, routes: [{ path: "/a", description: "new" }, ...routes.slice(1)] },
      other,
    ]);
    expect((await it.ask("/a")).cache).toContain("uri-miss");
    expect((await it.ask("/other/a")).cache).toContain("hit");
  });

  it("takes no reply of the table before from a call that was held while the tables were exchanged", async () => {
    const [came, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const hooks = {
      timeoutMs: 60_000,
      onRequest: () => {
        came.resolve();
        return gate.promise;
      },
    };
    await using it = await caching({ listener: counting(minute), api: { hooks } });
    const shop = { id: "shop", upstream: it.upstream.url, cache: true, rateLimit: 1, hooks };
    const held = it.ask("/a");
    await came.promise;
    await it.clock.advance(1);
    const changed = await it.reload({ apis: [{ ...shop, routes: [{ path: "/a" }] }] });
    expect(changed.mistakes).toBeUndefined();
    gate.resolve();
    expect((await held).body).toBe("answer 1");
    expect((await it.ask("/a")).body).toBe("answer 2");
    expect((await it.ask("/a")).body).toBe("answer 2");
  });

  it.each([
    ["nothing", minute, {}, "answer 2"],
    ["public", { "cache-control": "max-age=60, public" }, {}, "answer 1"],
    ["s-maxage", { "cache-control": "s-maxage=60" }, {}, "answer 1"],
    ["must-revalidate", { "cache-control": "max-age=60, must-revalidate" }, {}, "answer 1"],
    ["nothing, but the settings do", minute, { shareAuthorized: true }, "answer 1"],
  ])(
    "answers another caller with a credential only where the reply says so: %s",
    async (_what, headers, cache, body) => {
      const api = { auth: "key", cache: { ...cache, bytesMax: 1_000 } };
      await using it = await caching({ listener: counting(headers), api });
      const as = (subject: string) =>
        it.app.as({ kind: "key", organization: "acme", subject, permissions: [] }).headers;
      await it.ask("/a", as("key_1"));
      expect((await it.ask("/a", as("key_2"))).body).toBe(body);
    },
  );

  it("is one for the application's own Authorization as well", async () => {
    await using it = await caching({ listener: counting(minute) });
    await it.ask("/a", { authorization: "Basic YTpi" });
    expect((await it.ask("/a")).body).toBe("answer 2");
  });
});
