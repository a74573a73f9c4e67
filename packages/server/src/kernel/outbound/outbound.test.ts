import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { RequestListener } from "node:http";
import { createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../base/index.ts";
import { createOutbound } from "./index.ts";
import type { GuardedOutbound, Lookup, OutboundOptions } from "./index.ts";

interface Receiver extends AsyncDisposable {
  readonly port: number;
  readonly connections: () => number;
}

async function listen(server: Server): Promise<Receiver> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket.on("close", () => sockets.delete(socket)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** A receiver that speaks HTTP. */
function receive(listener: RequestListener): Promise<Receiver> {
  return listen(createHttpServer(listener));
}

/** A receiver that answers the first bytes of a request with whatever it is given. */
function answerRaw(answer: (socket: Socket) => void): Promise<Receiver> {
  return listen(
    createTcpServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => answer(socket));
    }),
  );
}

type Client = GuardedOutbound & AsyncDisposable;

function client(options: Partial<OutboundOptions> = {}): Client {
  const made = createOutbound({ allow: ["127.0.0.0/8"], clock: systemClock, ...options });
  return { ...made, [Symbol.asyncDispose]: () => made.close() };
}

const toLoopback: Lookup = () => Promise.resolve(["127.0.0.1"]);

describe("a request through the guarded client", () => {
  it("reaches the checked address under the name of the URL and brings back status, headers and body", async () => {
    await using receiver = await receive((request, response) => {
      response.setHeader("x-saw", `${request.method} ${request.headers.host} ${request.url}`);
      request.pipe(response.writeHead(201));
    });
    await using outbound = client({ lookup: toLoopback });
    const reply = await outbound.request({
      method: "POST",
      url: `http://hooks.example.test:${receiver.port}/in/%2e%2e/a?b=%0D%0Ac#d`,
      headers: { "content-type": "application/json" },
      body: '{"a":"ä"}',
    });
    expect(reply).toMatchObject({ status: 201, isTruncated: false, address: "127.0.0.1" });
    expect(reply.headers["x-saw"]).toBe(`POST hooks.example.test:${receiver.port} /a?b=%0D%0Ac`);
    expect(Buffer.from(reply.body).toString()).toBe('{"a":"ä"}');
  });

  it("keeps connections for the next requests to the same name and address", async () => {
    await using receiver = await receive((_, response) => response.end("ok"));
    await using outbound = client({ lookup: toLoopback });
    for (let round = 0; round < 12; round += 1) {
      await outbound.request({ method: "GET", url: `http://a.test:${receiver.port}/` });
    }
    // The connection just used may still be busy with its end: a second one takes turns with it.
    expect(receiver.connections()).toBeLessThanOrEqual(2);
  });

  it("reaches localhost when the operator allowed 127.0.0.0/8", async () => {
    await using receiver = await receive((_, response) => response.end("ok"));
    await using outbound = client();
    const reply = await outbound.request({
      method: "GET",
      url: `http://localhost:${receiver.port}/`,
    });
    expect(reply.status).toBe(200);
  });

  it("tries the next address when no connection to the first can be made", async () => {
    await using receiver = await receive((_, response) => response.end("ok"));
    await using outbound = client({ lookup: () => Promise.resolve(["127.0.0.2", "127.0.0.1"]) });
    const reply = await outbound.request({
      method: "POST",
      url: `http://a.test:${receiver.port}/`,
    });
    expect(reply.address).toBe("127.0.0.1");
  });

  it("answers a redirect as it is and calls nobody", async () => {
    const asked: string[] = [];
    await using receiver = await receive((request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(307, { location: "http://169.254.169.254/latest/meta-data/" }).end();
    });
    await using outbound = client({ lookup: toLoopback });
    const reply = await outbound.request({
      method: "POST",
      url: `http://a.test:${receiver.port}/x`,
    });
    expect(reply.status).toBe(307);
    expect(asked).toEqual(["/x"]);
  });
});

describe("names", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["only a private address", ["10.0.0.5"]],
    ["a public and a private address", ["8.8.8.8", "10.0.0.5"]],
    [
      "a private address behind many public ones",
      ["8.8.8.8", "1.1.1.1", "9.9.9.9", "169.254.169.254"],
    ],
    ["a mapped loopback address", ["::ffff:10.0.0.1"]],
    ["the metadata address through NAT64", ["64:ff9b::a9fe:a9fe"]],
    ["a link-local address with a zone", ["fe80::1%eth0"]],
    ["something that is no address", ["8.8.8.8", "localhost"]],
  ];

  it.each(cases)("with %s are refused before any connection", async (_, addresses) => {
    await using outbound = client({ lookup: () => Promise.resolve(addresses) });
    await expect(outbound.request({ method: "GET", url: "http://a.test/" })).rejects.toMatchObject({
      code: "outbound.refused",
      message: expect.not.stringContaining("10.0.0"),
    });
  });

  it("are looked up anew for every request: an answer that turns private is refused though a connection is open", async () => {
    await using receiver = await receive((_, response) => response.end("ok"));
    const answers = [["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1"]];
    let asked = 0;
    await using outbound = client({ lookup: () => Promise.resolve(answers[asked++] ?? []) });
    const request = { method: "GET", url: `http://a.test:${receiver.port}/` };
    await outbound.request(request);
    await expect(outbound.request(request)).rejects.toMatchObject({ code: "outbound.refused" });
    await outbound.request(request);
    expect(asked).toBe(3);
  });

  it.each([
    ["no address", (): Promise<string[]> => Promise.resolve([])],
    ["no answer", (): Promise<string[]> => Promise.reject(new Error("ENOTFOUND"))],
  ])("with %s are outbound.unresolved, not refused", async (_, lookup) => {
    await using outbound = client({ lookup });
    await expect(outbound.request({ method: "GET", url: "http://a.test/" })).rejects.toMatchObject({
      code: "outbound.unresolved",
    });
  });

  it("whose look-up never ends are given up after the time limit", async () => {
    await using outbound = client({ lookup: () => new Promise(() => {}) });
    await expect(
      outbound.request({ method: "GET", url: "http://a.test/", timeoutMs: 30 }),
    ).rejects.toMatchObject({ code: "outbound.timeout" });
  });
});

describe("bad receivers", () => {
  const head = "HTTP/1.1 200 OK\r\n";
  const broken: readonly (readonly [string, (socket: Socket) => void])[] = [
    [
      "promises more bytes than it sends",
      (socket) => socket.end(`${head}content-length: 10\r\n\r\nabc`),
    ],
    ["closes without an answer", (socket) => socket.end()],
    ["resets", (socket) => socket.resetAndDestroy()],
    [
      "resets in the middle of the body",
      (socket) =>
        void socket.write(`${head}content-length: 10\r\n\r\nabc`, () => socket.resetAndDestroy()),
    ],
    ["answers garbage", (socket) => socket.end("SSH-2.0-OpenSSH_9.9\r\n")],
    [
      "sends two lengths",
      (socket) => socket.end(`${head}content-length: 3\r\ncontent-length: 4\r\n\r\nabcd`),
    ],
    [
      "sends a length beside chunks",
      (socket) =>
        socket.end(`${head}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`),
    ],
    [
      "sends a chunk without a length",
      (socket) => socket.end(`${head}transfer-encoding: chunked\r\n\r\nzz\r\n`),
    ],
    ["sends headers without end", (socket) => socket.end(`${head}x: ${"y".repeat(100_000)}`)],
    [
      "switches protocols unasked",
      (socket) =>
        socket.end("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"),
    ],
  ];

  it.each(broken)("one that %s is outbound.failed", async (_, answer) => {
    await using receiver = await answerRaw(answer);
    await using outbound = client({ lookup: toLoopback });
    await expect(
      outbound.request({ method: "POST", url: `http://a.test:${receiver.port}/`, body: "{}" }),
    ).rejects.toMatchObject({ code: "outbound.failed" });
  });

  it("one that never ends its body is read up to maxBytes and cut off", async () => {
    let sent = 0;
    await using receiver = await receive((_, response) => {
      const pour = (): void => {
        while (!response.destroyed && response.write("x".repeat(16_384))) sent += 16_384;
      };
      response.on("drain", pour);
      pour();
    });
    await using outbound = client({ lookup: toLoopback });
    const reply = await outbound.request({
      method: "GET",
      url: `http://a.test:${receiver.port}/`,
      maxBytes: 1_000,
    });
    expect(reply).toMatchObject({ status: 200, isTruncated: true });
    expect(reply.body.byteLength).toBe(1_000);
    expect(sent).toBeLessThan(20_000_000);
  });

  it("a body of exactly maxBytes is whole", async () => {
    await using receiver = await receive((_, response) => response.end("x".repeat(1_000)));
    await using outbound = client({ lookup: toLoopback });
    const reply = await outbound.request({
      method: "GET",
      url: `http://a.test:${receiver.port}/`,
      maxBytes: 1_000,
    });
    expect(reply).toMatchObject({ isTruncated: false });
    expect(reply.body.byteLength).toBe(1_000);
  });

  it.each([
    ["never answers", (): void => {}],
    [
      "begins a body and never ends it",
      (socket: Socket): void => void socket.write(`${head}content-length: 9\r\n\r\nab`),
    ],
    [
      "says 103 for ever",
      (socket: Socket): void => {
        const timer = setInterval(() => socket.write("HTTP/1.1 103 Early Hints\r\n\r\n"), 5);
        socket.once("close", () => clearInterval(timer));
      },
    ],
  ])(
    "one that %s is given up after the time limit, and its socket is closed",
    async (_, answer) => {
      const closed = Promise.withResolvers<void>();
      await using receiver = await answerRaw((socket) => {
        socket.once("close", () => closed.resolve());
        answer(socket);
      });
      await using outbound = client({ lookup: toLoopback });
      await expect(
        outbound.request({ method: "POST", url: `http://a.test:${receiver.port}/`, timeoutMs: 80 }),
      ).rejects.toMatchObject({ code: "outbound.timeout" });
      await closed.promise;
    },
  );

  it("nobody listening is outbound.unreachable", async () => {
    const receiver = await receive((_, response) => response.end());
    await receiver[Symbol.asyncDispose]();
    await using outbound = client({ lookup: toLoopback });
    await expect(
      outbound.request({ method: "GET", url: `http://a.test:${receiver.port}/` }),
    ).rejects.toMatchObject({ code: "outbound.unreachable" });
  });

  it("a request that waited for a connection until after its time is never sent", async () => {
    const asked: string[] = [];
    let release = (): void => {};
    await using receiver = await receive((request, response) => {
      asked.push(request.url ?? "");
      release = () => response.end("late");
    });
    await using outbound = client({ lookup: toLoopback, connectionsMax: 1 });
    const base = `http://a.test:${receiver.port}`;
    const first = outbound.request({ method: "POST", url: `${base}/first` });
    await expect(
      outbound.request({ method: "POST", url: `${base}/second`, timeoutMs: 50 }),
    ).rejects.toMatchObject({ code: "outbound.timeout" });
    release();
    await first;
    const third = outbound.request({ method: "POST", url: `${base}/third` });
    await expect.poll(() => asked).toEqual(["/first", "/third"]);
    release();
    await third;
  });
});

describe("what is refused of a request", () => {
  const evil: readonly (readonly [string, Record<string, string>])[] = [
    ["a line break in a value", { "x-a": "b\r\nx-evil: 1" }],
    ["a bare line feed in a value", { "x-a": "b\nx-evil: 1" }],
    ["a NUL in a value", { "x-a": "b\0" }],
    ["a value beyond Latin-1", { "x-a": "\u{10d}\u{10a}" }],
    ["a line break in a name", { "x-a\r\nx-evil": "1" }],
    ["an empty name", { "": "1" }],
    ["a colon in a name", { "x:y": "1" }],
    ["Host", { Host: "internal" }],
    ["Content-Length", { "content-length": "3" }],
    ["Transfer-Encoding", { "Transfer-Encoding": "chunked" }],
    ["Connection", { connection: "upgrade" }],
    ["the same header in two spellings", { "x-a": "1", "X-A": "2" }],
  ];

  it.each(evil)("%s, with nothing sent", async (_, headers) => {
    await using receiver = await receive((_request, response) => response.end());
    await using outbound = client({ lookup: toLoopback });
    await expect(
      outbound.request({ method: "POST", url: `http://a.test:${receiver.port}/`, headers }),
    ).rejects.toMatchObject({ code: "outbound.badRequest" });
    expect(receiver.connections()).toBe(0);
  });

  it.each(["CONNECT", "TRACE", "G ET", "GET\r\n", ""])("the method %j", async (method) => {
    await using outbound = client({ lookup: toLoopback });
    await expect(outbound.request({ method, url: "http://a.test/" })).rejects.toMatchObject({
      code: "outbound.badRequest",
    });
  });

  it("everything once the caller has called off", async () => {
    await using receiver = await receive(() => {});
    await using outbound = client({ lookup: toLoopback });
    const url = `http://a.test:${receiver.port}/`;
    const caller = new AbortController();
    const running = outbound.request({ method: "GET", url, signal: caller.signal });
    caller.abort();
    await expect(running).rejects.toMatchObject({ code: "outbound.aborted" });
    await expect(
      outbound.request({ method: "GET", url, signal: caller.signal }),
    ).rejects.toMatchObject({ code: "outbound.aborted" });
  });
});
