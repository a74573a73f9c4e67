import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect } from "node:net";
import { brotliDecompressSync, createGunzip, gunzipSync, zstdDecompressSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { caching } from "../cache/caching.fixture.ts";
import type { Answer } from "../cache/caching.fixture.ts";
import { negotiate } from "./negotiate.ts";
import type { Coding } from "./rules.ts";

const TEXT = "Nobody here wrote what serves this. ".repeat(500);
const json = { "content-type": "application/json; charset=utf-8" };
const uncached = { cache: false, compression: true };

function unpacked({ headers, body }: Answer): string {
  const bytes = Buffer.from(body, "latin1");
  switch (headers["content-encoding"]) {
    case "br":
      return brotliDecompressSync(bytes).toString();
    case "zstd":
      return zstdDecompressSync(bytes).toString();
    case "gzip":
      return gunzipSync(bytes).toString();
    default:
      return bytes.toString();
  }
}

describe("the coding of a reply", () => {
  const offered = ["br", "zstd", "gzip"] as const;
  test.each([
    [undefined, undefined],
    ["", undefined],
    ["identity", undefined],
    ["gzip", "gzip"],
    ["x-gzip", "gzip"],
    ["GZIP;q=0.5, deflate", "gzip"],
    ["gzip, deflate, br, zstd", "br"],
    ["gzip;q=1, br;q=0.9", "gzip"],
    ["br;q=0, *", "zstd"],
    ["*;q=0", undefined],
    ["gzip;q=0", undefined],
    ["gzip;q=0.5, identity;q=0.8", undefined],
    ["gzip;q=0.8, identity;q=0.5", "gzip"],
    ["gzip;q=nonsense", undefined],
    ["gzip;q=1.5", undefined],
    [",, gzip ;q=0.001", "gzip"],
    ["deflate", undefined],
  ])("for %j is %s", (accepted, expected) => {
    expect(negotiate(accepted, offered)).toBe(expected);
  });

  test("is never one that the caller refuses, nor one that is not offered", () => {
    const member = fc.tuple(
      fc.constantFrom("br", "gzip", "zstd", "identity", "*", "deflate"),
      fc.constantFrom("", ";q=0", ";q=0.5", ";q=1"),
    );
    fc.assert(
      fc.property(fc.uniqueArray(member, { selector: ([name]) => name }), (members) => {
        const chosen = negotiate(members.map((each) => each.join("")).join(","), ["gzip", "br"]);
        if (chosen === undefined) return;
        expect(["gzip", "br"]).toContain(chosen);
        const weight =
          members.find(([name]) => name === chosen) ?? members.find(([name]) => name === "*");
        expect(weight?.[1]).not.toBe(";q=0");
        expect(weight).toBeDefined();
      }),
    );
  });
});

describe("a reply to who takes it packed", () => {
  test.each(["br", "zstd", "gzip"] as const satisfies readonly Coding[])(
    "is the same in %s, whole or in pieces, small or large, with a tag that is weak",
    async (coding) => {
      await using it = await caching({
        listener: ({ url }, response) => {
          response.writeHead(200, { ...json, etag: '"a"', "accept-ranges": "bytes" });
          if (url === "/whole") response.end(TEXT);
          else if (url === "/small") response.end(TEXT.slice(0, 2_000));
          else {
            for (let at = 0; at < TEXT.length; at += 1_000)
              response.write(TEXT.slice(at, at + 1_000));
            response.end();
          }
        },
        api: uncached,
      });
      for (const [path, text] of [
        ["/whole", TEXT],
        ["/small", TEXT.slice(0, 2_000)],
        ["/pieces", TEXT],
      ] as const) {
        const packed = await it.ask(path, { "accept-encoding": coding });
        expect(packed.headers).toMatchObject({
          "content-encoding": coding,
          vary: "Accept-Encoding",
          etag: 'W/"a"',
        });
        expect(packed.headers).not.toHaveProperty("accept-ranges");
        expect(packed.body.length).toBeLessThan(text.length / 2);
        expect(unpacked(packed)).toBe(text);
        const plain = await it.ask(path);
        expect(plain.headers).toMatchObject({ vary: "Accept-Encoding", etag: '"a"' });
        expect(plain.body).toBe(text);
        const head = await it.ask(path, { "accept-encoding": coding }, "HEAD");
        expect(head.headers).toMatchObject({ "content-encoding": coding, etag: 'W/"a"' });
        expect(head.headers).not.toHaveProperty("content-length");
      }
    },
  );

  test.each([
    ["is packed already", 200, { ...json, "content-encoding": "gzip" }, TEXT],
    ["must not be changed", 200, { ...json, "cache-control": "public, no-transform" }, TEXT],
    ["is a picture", 200, { "content-type": "image/png" }, TEXT],
    ["is of no type", 200, {}, TEXT],
    ["is small", 200, json, "x".repeat(1_023)],
    ["is a part", 206, { ...json, "content-range": "bytes 0-17999/20000" }, TEXT],
    ["is a stream of events", 200, { "content-type": "text/event-stream" }, TEXT],
    ["does not get smaller", 200, json, noise(1_500)],
  ])("goes as it is when it %s", async (_why, status, headers, body) => {
    await using it = await caching({
      listener: (_incoming, response) => {
        const length = String(Buffer.byteLength(body, "latin1"));
        response.writeHead(status, { ...headers, "content-length": length, etag: '"a"' });
        response.end(body, "latin1");
      },
      api: uncached,
    });
    const reply = await it.ask("/a", { "accept-encoding": "br, gzip" });
    expect(reply.body).toBe(body);
    expect(reply.headers["etag"]).toBe('"a"');
    expect(reply.headers["content-encoding"]).toBe(
      (headers as Record<string, string>)["content-encoding"],
    );
  });

  it("that is stored is packed once for each coding, and its tag is known again", async () => {
    await using it = await caching({
      listener: (_incoming, response) => {
        response.writeHead(200, { ...json, "cache-control": "max-age=60", etag: '"a"' }).end(TEXT);
      },
      api: { compression: { codings: ["gzip"] } },
    });
    expect((await it.ask("/a")).body).toBe(TEXT);
    const first = await it.ask("/a", { "accept-encoding": "br, gzip" });
    const second = await it.ask("/a", { "accept-encoding": "gzip" });
    expect(unpacked(first)).toBe(TEXT);
    expect(second.body).toBe(first.body);
    expect(second.cache).toContain("hit");
    expect(second.headers["content-length"]).toBe(String(second.body.length));
    const known = { "accept-encoding": "gzip", "if-none-match": 'W/"a"' };
    const again = await it.ask("/a", known);
    expect(again).toMatchObject({ status: 304, body: "" });
    expect(again.headers["etag"]).toBe('W/"a"');
    const part = await it.ask("/a", { "accept-encoding": "gzip", range: "bytes=0-9" });
    expect(part).toMatchObject({ status: 206, body: TEXT.slice(0, 10) });
    expect(it.upstream.seen).toHaveLength(1);
  });

  it("comes as it is made: what was written is there before the rest is", async () => {
    const open: ServerResponse[] = [];
    await using it = await caching({
      listener: ({ url }, response) => {
        const type = url === "/events" ? "text/event-stream" : "text/plain";
        response.writeHead(200, { "content-type": type }).write("data: first\n\n");
        open.push(response);
      },
      api: {
        cache: false,
        compression: { types: ["text/event-stream", "text/plain"], codings: ["gzip"] },
      },
    });
    for (const path of ["/events", "/plain"]) {
      const { hostname, port } = new URL(it.url);
      const socket = connect(Number(port), hostname);
      socket.write(`GET ${path} HTTP/1.0\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n`);
      const gunzip = createGunzip();
      let head = "";
      socket.on("data", (bytes: Buffer) => {
        const end = head.includes("\r\n\r\n") ? 0 : bytes.indexOf("\r\n\r\n") + 4;
        head += bytes.toString("latin1", 0, end);
        gunzip.write(bytes.subarray(end));
      });
      await expect
        .poll(() => it.clock.advance(20).then(() => gunzip.readableLength))
        .toBeGreaterThan(0);
      expect(String(gunzip.read())).toBe("data: first\n\n");
      open.at(-1)?.end("data: second\n\n");
      await once(gunzip, "readable");
      expect(String(gunzip.read())).toBe("data: second\n\n");
      socket.destroy();
    }
  });

  it("waits for a caller who does not read, and is dropped with one who leaves", async () => {
    // What cannot be made smaller, so that it fills the buffers in between.
    const piece = (): string => randomBytes(49_152).toString("base64");
    let written = 0;
    let isClosed = false;
    await using it = await caching({
      listener: (_incoming, response) => {
        response.writeHead(200, { "content-type": "text/plain" });
        response.on("close", () => {
          isClosed = true;
        });
        const write = (): void => {
          while (written < 200_000_000) {
            const text = piece();
            written += text.length;
            if (!response.write(text)) {
              response.once("drain", write);
              return;
            }
          }
          response.end();
        };
        write();
      },
      api: uncached,
    });
    const { hostname, port } = new URL(it.url);
    const socket = connect(Number(port), hostname);
    socket.write("GET /a HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
    socket.pause();
    let before = -1;
    await expect
      .poll(
        () => {
          const isStill = before === written && written > 0;
          before = written;
          return isStill;
        },
        { timeout: 15_000, interval: 300 },
      )
      .toBe(true);
    expect(written).toBeLessThan(100_000_000);
    socket.destroy();
    await expect.poll(() => isClosed).toBe(true);
  });
});

/** Latin-1 text that no coding makes smaller. */
function noise(length: number): string {
  let state = 12_345;
  return Array.from({ length }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return String.fromCharCode((state >> 16) & 255);
  }).join("");
}
