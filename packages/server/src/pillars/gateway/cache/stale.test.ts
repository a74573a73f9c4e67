import type { ServerResponse } from "node:http";
import { describe, expect, it, test } from "vitest";
import { caching, counting } from "./caching.fixture.ts";

const minute = { "cache-control": "max-age=60" };

describe("a stale reply", () => {
  it("is served while one call fetches it anew, and the next caller has the new one", async () => {
    const waiting: ServerResponse[] = [];
    const headers = { "cache-control": "max-age=60, stale-while-revalidate=30" };
    let isFirst = true;
    await using it = await caching({
      listener: (_incoming, response) => {
        if (!isFirst) waiting.push(response);
        else response.writeHead(200, headers).end("old");
        isFirst = false;
      },
    });
    await it.ask("/a", { range: "bytes=0-1" });
    await it.clock.advance(70_000);
    for (const method of ["HEAD", "GET", "GET"]) {
      const stale = await it.ask("/a", method === "HEAD" ? { range: "bytes=0-0" } : {}, method);
      expect(stale.cache).toBe('portico; hit; ttl=-10; detail="refreshing"');
    }
    await expect.poll(() => waiting.length).toBe(1);
    expect(it.upstream.seen.at(-1)).toMatchObject({ method: "GET" });
    expect(it.upstream.seen.at(-1)?.headers).not.toHaveProperty("range");
    waiting[0]?.writeHead(200, headers).end("new");
    await expect.poll(async () => (await it.ask("/a")).body).toBe("new");
    expect(it.upstream.seen).toHaveLength(2);
  });

  it("is fetched again a second after a fetch behind it has failed, however it failed", async () => {
    const headers = { "cache-control": "max-age=60, stale-while-revalidate=300" };
    let count = 0;
    await using it = await caching({
      listener: (incoming, response) => {
        count += 1;
        if (count === 2) incoming.socket.destroy();
        else if (count === 3) {
          response.writeHead(200, { ...headers, "content-length": 100 });
          response.write("part", () => incoming.socket.destroy());
        } else response.writeHead(200, headers).end(`answer ${count}`);
      },
    });
    await it.ask("/a");
    await it.clock.advance(70_000);
    for (const seen of [2, 3, 4]) {
      expect((await it.ask("/a")).body).toBe("answer 1");
      await expect.poll(() => it.upstream.seen.length).toBe(seen);
      // A moment, so that the failure is known before time goes on.
      await expect
        .poll(async () => {
          await it.clock.advance(1_000);
          return it.upstream.seen.length;
        })
        .toBe(seen);
    }
    await expect.poll(async () => (await it.ask("/a")).body).toBe("answer 4");
  });

  test.each([
    ["a broken connection", (response: ServerResponse) => response.socket?.destroy()],
    ["503", (response: ServerResponse) => response.writeHead(503).end("down")],
    [
      "a 502 that streams",
      (response: ServerResponse) => {
        response.writeHead(502).write("do");
        setImmediate(() => response.end("wn"));
      },
    ],
  ])("stands in for an upstream that fails, and spares it for a second: %s", async (_how, fail) => {
    let isDown = false;
    const headers = { "cache-control": "max-age=60, stale-if-error=600" };
    await using it = await caching({
      listener: (_incoming, response) => {
        if (isDown) fail(response);
        else response.writeHead(200, headers).end("answer");
      },
    });
    await it.ask("/a");
    isDown = true;
    await it.clock.advance(90_000);
    const first = await it.ask("/a");
    expect(first).toMatchObject({ status: 200, body: "answer" });
    expect(first.cache).toBe('portico; hit; ttl=-30; detail="upstream-failed"');
    expect(first.headers["age"]).toBe("90");
    const { length } = it.upstream.seen;
    expect((await it.ask("/a")).body).toBe("answer");
    expect(it.upstream.seen).toHaveLength(length);
    await it.clock.advance(1_001);
    expect((await it.ask("/a")).body).toBe("answer");
    expect(it.upstream.seen.length).toBeGreaterThan(length);
    // Who asks for a validated one is told the truth.
    await it.clock.advance(1_001);
    expect((await it.ask("/a", { "cache-control": "no-cache" })).status).toBeGreaterThan(499);
    await it.clock.advance(600_000);
    expect((await it.ask("/a")).status).toBeGreaterThan(499);
  });

  test.each(["must-revalidate", "proxy-revalidate", "no-cache"])(
    "is never served where the reply forbids it: %s",
    async (directive) => {
      let isDown = false;
      const control = `max-age=60, ${directive}, stale-if-error=600, stale-while-revalidate=600`;
      await using it = await caching({
        listener: (_incoming, response) => {
          if (isDown) response.writeHead(503).end("down");
          else response.writeHead(200, { "cache-control": control, etag: '"a"' }).end("answer");
        },
      });
      await it.ask("/a");
      isDown = true;
      await it.clock.advance(61_000);
      expect((await it.ask("/a", { "cache-control": "max-stale" })).status).toBe(503);
    },
  );

  it("is served by the route's own terms where the reply has none", async () => {
    const cache = { ttlMs: 10_000, staleWhileRevalidateMs: 5_000, staleIfErrorMs: 60_000 };
    let isDown = false;
    await using it = await caching({
      listener: (_incoming, response) => {
        if (isDown) response.writeHead(503).end("down");
        else response.writeHead(200).end("answer");
      },
      api: { cache },
    });
    await it.ask("/a");
    await it.clock.advance(9_000);
    expect((await it.ask("/a")).cache).toBe("portico; hit; ttl=1");
    isDown = true;
    await it.clock.advance(3_000);
    expect((await it.ask("/a")).cache).toContain("refreshing");
    await it.clock.advance(30_000);
    expect((await it.ask("/a")).cache).toContain("upstream-failed");
    await it.clock.advance(60_000);
    expect((await it.ask("/a")).status).toBe(503);
  });

  it("is replaced when the upstream has another, and dropped when that one is not to be kept", async () => {
    let headers: Record<string, string> = { ...minute, etag: '"a"' };
    await using it = await caching({
      listener: (_incoming, response) => {
        response.writeHead(200, headers).end(headers["etag"]);
      },
    });
    await it.ask("/a");
    await it.clock.advance(61_000);
    headers = { ...minute, etag: '"b"' };
    expect((await it.ask("/a")).body).toBe('"b"');
    expect((await it.ask("/a")).body).toBe('"b"');
    await it.clock.advance(61_000);
    headers = { "cache-control": "no-store", etag: '"c"' };
    expect((await it.ask("/a")).body).toBe('"c"');
    expect((await it.ask("/a", { "cache-control": "only-if-cached, max-stale" })).status).toBe(504);
  });

  it("is forgotten when a HEAD tells of another revision", async () => {
    let tag = '"a"';
    await using it = await caching({
      listener: (_incoming, response) => {
        response.writeHead(200, { ...minute, etag: tag }).end(tag);
      },
    });
    await it.ask("/a");
    tag = '"b"';
    await it.ask("/a", { "cache-control": "no-cache" }, "HEAD");
    expect((await it.ask("/a")).body).toBe('"b"');
  });
});

describe("an unsafe call", () => {
  it("takes out what it has changed: its target and those that its reply names, of this origin", async () => {
    await using it = await caching({
      listener: (incoming, response) => {
        if (incoming.method === "GET") response.writeHead(200, minute).end(incoming.url);
        else {
          const location = { location: "/items/7", "content-location": "http://else.test/other" };
          response.writeHead(201, location).end();
        }
      },
      api: { basePath: "/shop", stripBasePath: true },
    });
    for (const path of ["/shop/items", "/shop/items?page=2", "/shop/items/7", "/shop/other"]) {
      await it.ask(path);
    }
    await it.ask("/shop/items", {}, "POST");
    const cached = async (path: string): Promise<boolean> =>
      (await it.ask(path)).cache.includes("hit");
    expect(await cached("/shop/items")).toBe(false);
    expect(await cached("/shop/items/7")).toBe(false);
    expect(await cached("/shop/items?page=2")).toBe(true);
    expect(await cached("/shop/other")).toBe(true);
  });

  it("that fails takes nothing out", async () => {
    const answer = counting(minute);
    await using it = await caching({
      listener: (incoming, response) => {
        if (incoming.method === "GET") answer(incoming, response);
        else response.writeHead(409).end();
      },
    });
    await it.ask("/a");
    await it.ask("/a", {}, "DELETE");
    expect((await it.ask("/a")).body).toBe("answer 1");
  });

  it("spoils a reply that is under way, which may be from before it", async () => {
    const waiting: ServerResponse[] = [];
    await using it = await caching({
      listener: (incoming, response) => {
        if (incoming.method === "GET") waiting.push(response);
        else response.writeHead(204).end();
      },
    });
    const under = it.ask("/a");
    await expect.poll(() => waiting.length).toBe(1);
    await it.ask("/a", {}, "PUT");
    waiting[0]?.writeHead(200, minute).end("before");
    expect((await under).body).toBe("before");
    const next = it.ask("/a");
    await expect.poll(() => waiting.length).toBe(2);
    waiting[1]?.writeHead(200, minute).end("after");
    expect((await next).body).toBe("after");
  });
});
