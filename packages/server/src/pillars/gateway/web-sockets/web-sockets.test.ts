import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { fronting } from "../fronting.fixture.ts";
import { httpUpstream, rawUpstream, speak } from "../upstreams.fixture.ts";
import type { Upstream } from "../upstreams.fixture.ts";

const caller = { kind: "key", subject: "key_1", permissions: ["feed:read"] } as const;
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const ASK = `GET /feed HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n`;
const SWITCH = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`;

/** An application that answers each message with itself and tells what it was asked with. */
async function echo(): Promise<Upstream & { readonly asked: Record<string, unknown>[] }> {
  const asked: Record<string, unknown>[] = [];
  const { createServer } = await import("node:http");
  const server = createServer((_request, response) => {
    response.writeHead(426);
    response.end();
  });
  const sockets = new WebSocketServer({ server, handleProtocols: () => "chat" });
  sockets.on("connection", (socket, { headers, url }) => {
    asked.push({ ...headers, url });
    socket.on("message", (data: Buffer, isBinary) => {
      if (!isBinary && data.toString() === "bye") socket.close(4_001, "as you like");
      else socket.send(data, { binary: isBinary });
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    seen: [],
    sockets: new Set(),
    asked,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

const wsUrl = (url: string): string => url.replace("http:", "ws:");

describe("a WebSocket to a fronted application", () => {
  it("carries messages of every size both ways, with its subprotocol and its close code", async () => {
    await using upstream = await echo();
    await using app = await fronting(upstream);
    const socket = new WebSocket(`${wsUrl(app.url)}/feed?room=1`, ["chat", "other"], {
      origin: "https://app.example",
    });
    await once(socket, "open");
    expect(socket.protocol).toBe("chat");
    for (const size of [0, 1, 125, 126, 65_535, 65_536, 5_000_000]) {
      const sent = Buffer.alloc(size, size % 251);
      socket.send(sent);
      const [got] = (await once(socket, "message")) as [Buffer];
      expect(got.equals(sent), `${size} bytes`).toBe(true);
    }
    expect(upstream.asked[0]).toMatchObject({
      url: "/feed?room=1",
      origin: "https://app.example",
      "sec-websocket-protocol": "chat,other",
      via: expect.stringMatching(/^1\.1 portico-/),
      "x-forwarded-for": "127.0.0.1",
    });
    socket.send("bye");
    const [code, reason] = (await once(socket, "close")) as [number, Buffer];
    expect([code, reason.toString()]).toStrictEqual([4_001, "as you like"]);
  });

  it("is admitted as any call: 401, 403, 404 and 429 are answered, and who may is told to the application", async () => {
    await using upstream = await echo();
    await using app = await fronting(upstream, {
      routes: [{ path: "/feed", auth: "key", permissions: ["feed:read"], rateLimit: 1 }],
    });
    const refused = await speak(app.url, `${ASK}\r\n`);
    expect(refused).toMatch(/^HTTP\/1\.1 401 /);
    expect(refused).toContain("access.unauthenticated");
    expect(refused).toMatch(/connection: close/i);
    const test = (permissions: readonly string[]): string =>
      `X-Test-Caller: ${app.as({ ...caller, permissions }).headers["x-test-caller"] ?? ""}\r\n`;
    expect(await speak(app.url, `${ASK}${test(["notes:read"])}\r\n`)).toMatch(/^HTTP\/1\.1 403 /);
    expect(await speak(app.url, `${ASK.replace("/feed", "/other")}\r\n`)).toMatch(
      /^HTTP\/1\.1 404 /,
    );
    expect(upstream.asked).toStrictEqual([]);
    const { headers } = app.as(caller);
    const socket = new WebSocket(`${wsUrl(app.url)}/feed`, {
      headers: { ...headers, "portico-identity": "forged" },
    });
    await once(socket, "open");
    expect(upstream.asked[0]?.["portico-identity"]).toMatch(/^ey/);
    socket.terminate();
    expect(await speak(app.url, `${ASK}${test(["feed:read"])}\r\n`)).toMatch(/^HTTP\/1\.1 429 /);
  });

  it("is answered as the application answers when that does not switch", async () => {
    await using upstream = await httpUpstream((_request, response) => {
      response.writeHead(418, { "x-app": "own" });
      response.end("no sockets here");
    });
    await using app = await fronting(upstream);
    const got = await speak(app.url, `${ASK}\r\n`);
    expect(got).toMatch(/^HTTP\/1\.1 418 /);
    expect(got).toContain("x-app: own");
    expect(got).toContain("no sockets here");
  });

  it.each([
    ["no GET", ASK.replace("GET", "POST"), "gateway.upgradeRefused"],
    ["no WebSocket", ASK.replace("websocket", "tls/1.0"), "gateway.upgradeRefused"],
    ["several protocols", ASK.replace("websocket", "websocket, foo"), "gateway.upgradeRefused"],
    ["h2c", ASK.replace("websocket", "h2c"), "request.framing"],
    ["a key that is none", ASK.replace(KEY, "short"), "gateway.upgradeRefused"],
    ["two keys", `${ASK}Sec-WebSocket-Key: ${KEY}\r\n`, "gateway.upgradeRefused"],
    ["a body", `${ASK}Content-Length: 3\r\n`, "request.framing"],
    ["chunks", `${ASK}Transfer-Encoding: chunked\r\n`, "request.framing"],
    ["HTTP/1.0", ASK.replace("HTTP/1.1", "HTTP/1.0"), "request.framing"],
    ["an ambiguous path", ASK.replace("/feed", "/a/../feed"), "gateway.pathAmbiguous"],
  ])("is refused with 400 for %s, and the application never sees it", async (_name, head, code) => {
    await using upstream = await rawUpstream((socket) => socket.end(SWITCH));
    await using app = await fronting(upstream);
    const got = await speak(app.url, `${head}\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(got).toMatch(/^HTTP\/1\.1 400 /);
    expect(got).toContain(`"code":"${code}"`);
    expect(got.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(upstream.sockets.size).toBe(0);
  });

  it("is 502 when the upstream switches without having understood the key", async () => {
    await using upstream = await rawUpstream((socket) =>
      socket.write(SWITCH.replace(ACCEPT, "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")),
    );
    await using app = await fronting(upstream);
    const got = await speak(app.url, `${ASK}\r\n`);
    expect(got).toMatch(/^HTTP\/1\.1 502 /);
    expect(got).toContain("gateway.upstreamMalformed");
  });

  it("never lets what follows a refused upgrade be taken for a request", async () => {
    const asked: string[] = [];
    await using upstream = await rawUpstream((socket, text) => {
      asked.push(text);
      socket.write("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n");
    });
    await using app = await fronting(upstream);
    const got = await speak(app.url, `${ASK}\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(got).toMatch(/^HTTP\/1\.1 426 /);
    expect(got.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(asked.join("")).not.toContain("/hidden");
  });

  it("passes what either side sends at once with its handshake", async () => {
    await using upstream = await rawUpstream((socket, text) => {
      if (text.startsWith("GET")) socket.write(`${SWITCH}first`);
      if (text.endsWith("eager")) socket.end(" got eager");
    });
    await using app = await fronting(upstream);
    const got = await speak(app.url, `${ASK}\r\neager`);
    expect(got).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(got).toMatch(/\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n/);
    expect(got).toMatch(/\r\n\r\nfirst got eager$/);
  });

  it("is closed when nothing passes either way, with the code for going away", async () => {
    await using upstream = await echo();
    await using app = await fronting(upstream, { webSockets: { idleMs: 200 } });
    const socket = new WebSocket(wsUrl(app.url));
    await once(socket, "open");
    const [code] = (await once(socket, "close")) as [number];
    expect(code).toBe(1_001);
  });

  it("is 503 beyond as many as may be open, and one that closes makes room", async () => {
    await using upstream = await echo();
    await using app = await fronting(upstream, { webSockets: { max: 2 } });
    const open = [new WebSocket(wsUrl(app.url)), new WebSocket(wsUrl(app.url))];
    await Promise.all(open.map((socket) => once(socket, "open")));
    const full = await speak(app.url, `${ASK}\r\n`);
    expect(full).toMatch(/^HTTP\/1\.1 503 /);
    expect(full).toContain("gateway.socketsFull");
    expect(full).toMatch(/retry-after: 5/i);
    open[0]?.close();
    await once(open[0] ?? new WebSocket(wsUrl(app.url)), "close");
    const next = new WebSocket(wsUrl(app.url));
    await once(next, "open");
    for (const socket of [...open, next]) socket.terminate();
  });

  it("does not take the connections of other calls", async () => {
    await using upstream = await echo();
    await using app = await fronting(upstream, { connectionsMax: 1 });
    const open = [1, 2, 3].map(() => new WebSocket(wsUrl(app.url)));
    await Promise.all(open.map((socket) => once(socket, "open")));
    expect((await fetch(app.url)).status).toBe(426);
    for (const socket of open) socket.terminate();
  });

  it("ends at once when the server stops, and the application's side with it", async () => {
    await using upstream = await echo();
    const app = await fronting(upstream);
    const socket = new WebSocket(wsUrl(app.url));
    await once(socket, "open");
    const closed = once(socket, "close");
    const before = performance.now();
    await app.stop(20_000);
    const [code] = (await closed) as [number];
    expect(code).toBe(1_001);
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});

/** The header of a binary frame of a terabyte. */
const ENDLESS_FRAME = Buffer.from([0x82, 0x7f, 0, 0, 1, 0, 0, 0, 0, 0]);

/** Opens a WebSocket by hand, so that nothing reads from it. */
function deaf(url: string): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(`${ASK}\r\n`));
  socket.once("readable", () => resolve(socket));
  socket.on("error", reject);
  return promise;
}

/** Chunks that were passed on and wait for the collector are not held by anybody. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

describe("a thousand WebSockets that never read", () => {
  it("hold no more than their sockets' buffers, however much the application sends", async () => {
    const [count, flooded] = [1_000, 100];
    const piece = Buffer.alloc(65_536, 1);
    const held: Socket[] = [];
    let taken = 0;
    await using upstream = await rawUpstream((socket) => {
      socket.write(SWITCH);
      held.push(socket);
    });
    await using app = await fronting(upstream);
    const sockets: Socket[] = [];
    for (let index = 0; index < count; index += 1) sockets.push(await deaf(app.url));
    const before = process.memoryUsage().arrayBuffers;
    for (const socket of held.slice(0, flooded)) {
      socket.write(ENDLESS_FRAME);
      const push = (): void => {
        while (socket.writable && socket.write(piece)) taken += piece.length;
        socket.once("drain", push);
      };
      push();
    }
    let last = -1;
    for (let still = 0; still < 20; still = last === taken ? still + 1 : 0) {
      last = taken;
      await new Promise((resolve) => {
        setTimeout(resolve, 25);
      });
    }
    // The kernel took some of it; without back-pressure, so would this process have, and all that followed.
    expect(taken / flooded).toBeGreaterThan(500_000);
    collectGarbage();
    expect((process.memoryUsage().arrayBuffers - before) / flooded).toBeLessThan(500_000);
    for (const socket of sockets) socket.destroy();
    await vi.waitUntil(() => upstream.sockets.size === 0, { timeout: 20_000 });
  }, 60_000);

  it("are closed when what was sent to them lies unread for longer than `idleMs`", async () => {
    const piece = Buffer.alloc(16_000_000, 1);
    await using upstream = await rawUpstream((socket) => {
      socket.write(SWITCH);
      socket.write(ENDLESS_FRAME);
      socket.write(piece);
    });
    await using app = await fronting(upstream, { timeouts: { idleMs: 300 } });
    const socket = await deaf(app.url);
    await vi.waitUntil(() => upstream.sockets.size === 0, { timeout: 10_000 });
    await once(socket.resume(), "close");
    expect(socket.bytesRead).toBeLessThan(piece.length);
  });
});
