import type { ServerResponse } from "node:http";
import { add, definePlugin, RequestObservers } from "portico/kernel";
import type { AnsweredRequest } from "portico/kernel";
import { describe, expect, it, test } from "vitest";
import { speak } from "../upstreams.fixture.ts";
import { caching, counting } from "./caching.fixture.ts";

const DATE = "Thu, 01 Jan 2026 00:00:00 GMT";
const minute = { "cache-control": "max-age=60" };

describe("a stored reply", () => {
  it("answers for as long as it is fresh, and says how old it is and where it comes from", async () => {
    await using it = await caching({ listener: counting({ ...minute, date: DATE, etag: '"a"' }) });
    const first = await it.ask("/a");
    expect(first.cache).toBe("portico; fwd=uri-miss; fwd-status=200; stored");
    await it.clock.advance(59_000);
    const second = await it.ask("/a");
    expect(second).toMatchObject({ status: 200, body: "answer 1", cache: "portico; hit; ttl=1" });
    expect(second.headers).toMatchObject({ age: "59", date: DATE, etag: '"a"' });
    expect(second.headers["x-request-id"]).not.toBe(first.headers["x-request-id"]);
    expect(it.upstream.seen).toHaveLength(1);
  });

  it("is asked about when its time is over, and a 304 makes it fresh with the fields it brings", async () => {
    let revision = 0;
    await using it = await caching({
      listener: (incoming, response) => {
        revision += 1;
        const headers = { ...minute, etag: '"a"', "x-revision": String(revision) };
        const status = incoming.headers["if-none-match"] === '"a"' ? 304 : 200;
        response.writeHead(status, headers).end(status === 304 ? undefined : "body");
      },
    });
    await it.ask("/a");
    await it.clock.advance(61_000);
    const validated = await it.ask("/a");
    expect(validated).toMatchObject({ status: 200, body: "body" });
    expect(validated.cache).toBe("portico; fwd=stale; fwd-status=304");
    expect(validated.headers).toMatchObject({ "x-revision": "2", age: "0" });
    expect(await it.ask("/a")).toMatchObject({ body: "body", cache: "portico; hit; ttl=60" });
    expect(it.upstream.seen).toHaveLength(2);
  });

  it("answers 304 to who has it, by tag and by date, and to nobody else", async () => {
    const modified = "Wed, 31 Dec 2025 10:00:00 GMT";
    const headers = { ...minute, etag: 'W/"a"', "last-modified": modified };
    await using it = await caching({ listener: counting(headers) });
    await it.ask("/a");
    const same = await it.ask("/a", { "if-none-match": '"x", "a"' });
    expect(same).toMatchObject({ status: 304, body: "" });
    expect(same.headers).toMatchObject({ etag: 'W/"a"', "cache-control": "max-age=60" });
    expect(same.headers["content-length"]).toBeUndefined();
    expect((await it.ask("/a", { "if-modified-since": modified })).status).toBe(304);
    // The tag counts before the date.
    const other = { "if-none-match": '"x"', "if-modified-since": modified };
    expect((await it.ask("/a", other)).status).toBe(200);
    const earlier = { "if-modified-since": "Wed, 31 Dec 2025 09:59:59 GMT" };
    expect((await it.ask("/a", earlier)).status).toBe(200);
    expect(it.upstream.seen).toHaveLength(1);
  });

  it("answers HEAD, and the part that is asked for", async () => {
    await using it = await caching({
      listener: (_incoming, response) => {
        response.writeHead(200, { ...minute, etag: '"a"' });
        response.write("0123");
        response.end("456789");
      },
    });
    await it.ask("/a");
    const head = await it.ask("/a", {}, "HEAD");
    expect(head).toMatchObject({ status: 200, body: "" });
    expect(head.headers["content-length"]).toBe("10");
    const part = await it.ask("/a", { range: "bytes=2-4" });
    expect(part).toMatchObject({ status: 206, body: "234" });
    expect(part.headers).toMatchObject({
      "content-range": "bytes 2-4/10",
      "content-length": "3",
    });
    expect(await it.ask("/a", { range: "bytes=-2" })).toMatchObject({ status: 206, body: "89" });
    const beyond = await it.ask("/a", { range: "bytes=10-" });
    expect(beyond.status).toBe(416);
    expect(beyond.headers["content-range"]).toBe("bytes */10");
    const other = await it.ask("/a", { range: "bytes=2-4", "if-range": '"b"' });
    expect(other).toMatchObject({ status: 200, body: "0123456789" });
    expect(it.upstream.seen).toHaveLength(1);
  });

  it("gives way to what the caller asks for", async () => {
    await using it = await caching({ listener: counting(minute) });
    const asks = async (value: string): Promise<string> =>
      (await it.ask("/a", { "cache-control": value })).body;
    expect((await it.ask("/a")).body).toBe("answer 1");
    await it.clock.advance(30_000);
    expect(await asks("max-age=40")).toBe("answer 1");
    expect(await asks("max-age=20")).toBe("answer 2");
    expect(await asks("no-cache")).toBe("answer 3");
    expect(await asks("min-fresh=61")).toBe("answer 4");
    expect(await asks("no-store")).toBe("answer 5");
    expect((await it.ask("/a")).body).toBe("answer 4");
    await it.clock.advance(70_000);
    expect(await asks("max-stale=20")).toBe("answer 4");
    expect(await asks("max-stale=5")).toBe("answer 6");
    const only = { "cache-control": "only-if-cached" };
    expect((await it.ask("/a", only)).body).toBe("answer 6");
    const missing = await it.ask("/b", only);
    expect(missing.status).toBe(504);
    expect(missing.body).toContain('"code":"gateway.notCached"');
    expect(it.upstream.seen).toHaveLength(6);
  });

  it("is left alone by requests that it cannot answer: conditions for the origin, bodies, sockets", async () => {
    await using it = await caching({ listener: counting(minute) });
    await it.ask("/a");
    expect((await it.ask("/a", { "if-match": '"x"' })).body).toBe("answer 2");
    const body = await speak(
      it.url,
      "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx",
    );
    expect(body).toContain("\r\nanswer 3\r\n");
    const socket = await speak(
      it.url,
      "GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    expect(socket).not.toContain("answer 1");
    expect((await it.ask("/a")).body).toBe("answer 1");
  });
});

describe("a reply that is not to be kept", () => {
  test.each([
    ["no-store", 200, { "cache-control": "no-store, max-age=60" }],
    ["private", 200, { "cache-control": "private, max-age=60" }],
    ["a cookie", 200, { ...minute, "set-cookie": "a=b" }],
    ["a part", 206, { ...minute, "content-range": "bytes 0-7/100" }],
    ["429", 429, minute],
    ["no lifetime", 200, {}],
    ["an age beyond its lifetime", 200, { ...minute, age: "61" }],
    ["an age that is no number", 200, { ...minute, age: "x" }],
    ["Vary: *", 200, { ...minute, vary: "Accept, *" }],
    ["a Vary by what only we write", 200, { ...minute, vary: "X-Forwarded-For" }],
    ["a Vary by the caller's identity", 200, { ...minute, vary: "portico-identity" }],
  ])("is asked for again: %s", async (_what, status, headers) => {
    await using it = await caching({ listener: counting(headers, status) });
    expect((await it.ask("/a")).body).toBe("answer 1");
    expect(await it.ask("/a")).toMatchObject({ status, body: "answer 2" });
  });

  it("is one that makes an event: each call makes its own", async () => {
    const emits = [{ on: { method: "GET", path: "/a" }, type: "thing.seen" }];
    await using it = await caching({ listener: counting(minute), api: { emits } });
    await it.ask("/a");
    expect((await it.ask("/a")).body).toBe("answer 2");
    expect(await it.app.events("default")).toHaveLength(2);
  });

  it("passes whole when it is larger than what may be stored, with its length or without", async () => {
    const large = "x".repeat(5_000);
    await using it = await caching({
      listener: ({ url }, response) => {
        response.writeHead(200, minute);
        if (url === "/chunked") response.write(large.slice(0, 10));
        response.end(url === "/chunked" ? large.slice(10) : large);
      },
      api: { cache: { bytesMax: 1_000 } },
    });
    for (const path of ["/a", "/a", "/chunked", "/chunked"]) {
      expect(await it.ask(path)).toMatchObject({ status: 200, body: large });
    }
    expect(it.upstream.seen).toHaveLength(4);
  });
});

test("the log of requests tells what the cache did, and why a reply was not stored", async () => {
  const seen: AnsweredRequest[] = [];
  const watching = definePlugin({
    id: "watching",
    version: "1.0.0",
    engine: "^1",
    contributes: [add(RequestObservers, { answered: (request) => void seen.push(request) })],
  });
  await using it = await caching({
    listener: ({ url }, response) => {
      response.writeHead(200, url === "/a" ? minute : { "cache-control": "private" }).end("x");
    },
    plugins: [watching],
  });
  for (const path of ["/a", "/a", "/b"]) await it.ask(path);
  await it.ask("/a", {}, "POST");
  await expect.poll(() => seen.length).toBe(4);
  expect(seen.map(({ cache }) => cache)).toEqual(["uri-miss", "hit", "uri-miss", null]);
  const told = seen.map((each) => each.details?.().decisions.find(({ step }) => step === "cache"));
  expect(told).toEqual([
    {
      step: "cache",
      outcome: "forward",
      facts: { reason: "uri-miss", status: 200, isStored: true },
    },
    { step: "cache", outcome: "hit", facts: { ttlMs: 60_000 } },
    {
      step: "cache",
      outcome: "forward",
      facts: { reason: "uri-miss", status: 200, isStored: false, notStored: "it says private" },
    },
    undefined,
  ]);
});

describe("many callers of the same", () => {
  it("are answered by one call to the application", async () => {
    const waiting: ServerResponse[] = [];
    await using it = await caching({ listener: (_incoming, response) => waiting.push(response) });
    const asked = Array.from({ length: 20 }, () => it.ask("/a"));
    await expect.poll(() => waiting.length).toBe(1);
    // All of them are inside before the answer comes.
    await expect.poll(() => it.admitted()).toBe(20);
    waiting[0]?.writeHead(200, minute).end("once");
    const answers = await Promise.all(asked);
    expect(new Set(answers.map(({ body }) => body))).toEqual(new Set(["once"]));
    expect(answers.filter(({ cache }) => cache.endsWith("collapsed"))).toHaveLength(19);
    expect(it.upstream.seen).toHaveLength(1);
  });

  it("all go at once when the answer turns out to be for one alone, and do not wait again", async () => {
    const waiting: ServerResponse[] = [];
    await using it = await caching({ listener: (_incoming, response) => waiting.push(response) });
    const asked = Array.from({ length: 10 }, () => it.ask("/a"));
    await expect.poll(() => it.admitted()).toBe(10);
    expect(waiting).toHaveLength(1);
    waiting[0]?.writeHead(200, { "cache-control": "private" }).write("mine");
    // Its head is enough: nobody waits for its end.
    await expect.poll(() => waiting.length).toBe(10);
    for (const response of waiting) response.end("own");
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(Array(10).fill(200));
    const next = [it.ask("/a"), it.ask("/a")];
    await expect.poll(() => waiting.length).toBe(12);
    for (const response of waiting.slice(10)) response.end("own");
    await Promise.all(next);
  });

  it("go on when the one that was sent leaves", async () => {
    const waiting: ServerResponse[] = [];
    await using it = await caching({ listener: (_incoming, response) => waiting.push(response) });
    const url = new URL("/a", it.url);
    const controller = new AbortController();
    const left = fetch(url, { signal: controller.signal }).catch(() => "left");
    await expect.poll(() => waiting.length).toBe(1);
    const others = [it.ask("/a"), it.ask("/a")];
    await expect.poll(() => it.admitted()).toBe(3);
    controller.abort();
    expect(await left).toBe("left");
    await expect.poll(() => waiting.length).toBe(2);
    waiting[1]?.writeHead(200, minute).end("second");
    expect((await Promise.all(others)).map(({ body }) => body)).toEqual(["second", "second"]);
  });
});
