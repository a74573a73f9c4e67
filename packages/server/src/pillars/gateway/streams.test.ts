import { createHash } from "node:crypto";
import { get } from "node:http";
import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { fronting } from "./fronting.fixture.ts";
import { httpUpstream, rawUpstream, speak } from "./upstreams.fixture.ts";
import type { Upstream } from "./upstreams.fixture.ts";

const ok = (): Promise<Upstream> =>
  httpUpstream((_request, response) => response.end("hello from upstream"));
const caller = { kind: "key", subject: "key_1", permissions: ["invoices:*"] } as const;

describe("streams", () => {
  it("pass 64 MB both ways unchanged", async () => {
    const size = 64 * 1_024 * 1_024;
    await using upstream = await rawUpstreamEcho();
    await using app = await fronting(upstream);
    const piece = new Uint8Array(1_024 * 1_024).map((_each, index) => (index * 7) % 251);
    const sent = createHash("sha256");
    let left = size / piece.length;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        if (left === 0) {
          controller.close();
          return;
        }
        left -= 1;
        sent.update(piece);
        controller.enqueue(piece.slice());
      },
    });
    const reply = await fetch(`${app.url}/echo`, {
      method: "POST",
      body,
      duplex: "half",
    });
    const got = createHash("sha256");
    let bytes = 0;
    for await (const chunk of reply.body ?? []) {
      got.update(chunk);
      bytes += chunk.length;
    }
    expect(bytes).toBe(size);
    expect(got.digest("hex")).toBe(sent.digest("hex"));
  });

  it("stop at the upstream while the caller does not read, and go on when it does", async () => {
    const total = 256 * 1_024 * 1_024;
    const piece = Buffer.alloc(1_024 * 1_024, 7);
    let written = 0;
    await using upstream = await httpUpstream((_request, response) => {
      response.writeHead(200, { "content-length": total });
      const write = (): void => {
        while (written < total) {
          written += piece.length;
          if (!response.write(piece)) {
            response.once("drain", write);
            return;
          }
        }
        response.end();
      };
      write();
    });
    await using app = await fronting(upstream);
    const reply = await new Promise<IncomingMessage>((resolve) => {
      get(app.url, resolve);
    });
    reply.pause();
    let still = 0;
    for (let last = -1; still < 25; last = written) {
      still = last === written ? still + 1 : 0;
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
    expect(written).toBeLessThan(total / 4);
    let bytes = 0;
    for await (const chunk of reply) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(total);
  });

  it("of events reach the caller event by event", async () => {
    let push: (text: string) => void = () => {};
    await using upstream = await httpUpstream((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
      push = (text) => response.write(text);
    });
    await using app = await fronting(upstream);
    const reply = await fetch(`${app.url}/events`);
    const reader = (reply.body ?? new ReadableStream<Uint8Array>()).getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("data: 1\n\n");
    push("data: 2\n\n");
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("data: 2\n\n");
    await reader.cancel();
  });

  it("end at the upstream when the caller leaves", async () => {
    const left = Promise.withResolvers<void>();
    await using upstream = await httpUpstream((_request, response) => {
      response.write("begin");
      response.on("close", () => left.resolve());
    });
    await using app = await fronting(upstream);
    const leaving = new AbortController();
    const reply = await fetch(app.url, { signal: leaving.signal });
    expect(reply.status).toBe(200);
    leaving.abort();
    await left.promise;
  });

  it("carry trailers to callers that take them", async () => {
    await using upstream = await rawUpstream((socket) =>
      socket.write(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 9\r\nSet-Cookie: no=1\r\n\r\n",
      ),
    );
    await using app = await fronting(upstream);
    const head = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, TE\r\n";
    const with_ = await speak(app.url, `${head}TE: trailers\r\n\r\n`);
    expect(with_).toContain("\r\nX-Sum: 9\r\n");
    expect(with_).not.toContain("Set-Cookie");
    expect(await speak(app.url, `${head}\r\n`)).not.toContain("X-Sum: 9");
  });

  it("carry a caller's trailers on, but none that a head alone may say", async () => {
    const got: string[] = [];
    await using upstream = await rawUpstream((socket, text) => {
      got.push(text);
      if (got.join("").endsWith("\r\n\r\n") && got.join("").includes("\r\n0\r\n")) {
        socket.end("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
      }
    });
    await using app = await fronting(upstream);
    const head =
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    const trailers =
      "X-Sum: 9\r\nAuthorization: Basic eDp5\r\nPortico-Identity: me\r\nX-Forwarded-For: 1.2.3.4\r\n";
    expect(await speak(app.url, `${head}2\r\nok\r\n0\r\n${trailers}\r\n`)).toMatch(
      /^HTTP\/1\.1 204 /,
    );
    expect(got.join("")).toMatch(/2\r\nok\r\n0\r\nX-Sum: 9\r\n\r\n$/);
  });

  it("wait for the caller's body only after `100 Continue`", async () => {
    await using upstream = await ok();
    await using app = await fronting(upstream, { auth: "key" });
    const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n";
    const refused = await speak(app.url, `${head}Connection: close\r\n\r\n`);
    expect(refused).toMatch(/^HTTP\/1\.1 401 /);
    const test = app.as(caller).headers["x-test-caller"] ?? "";
    const let_ = await speak(app.url, `${head}X-Test-Caller: ${test}\r\n\r\n`, "\r\n\r\n");
    expect(let_).toMatch(/^HTTP\/1\.1 100 /);
  });
});

describe("what waits for 100 Continue", () => {
  const head =
    "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\nExpect: 100-continue\r\n";

  it("is told 100 once, and the application is not asked to say so as well", async () => {
    await using upstream = await ok();
    await using app = await fronting(upstream);
    const got = await speak(app.url, `${head}\r\nbody`);
    expect(got.match(/HTTP\/1\.1 \d+/g)).toStrictEqual(["HTTP/1.1 100", "HTTP/1.1 200"]);
    expect(upstream.seen[0]).toMatchObject({ body: "body" });
    expect(upstream.seen[0]?.headers.expect).toBeUndefined();
  });

  it("is not told 100 when no connection to the upstream stands", async () => {
    const gone = await ok();
    await gone[Symbol.asyncDispose]();
    await using app = await fronting(gone);
    expect(await speak(app.url, `${head}\r\n`)).toMatch(/^HTTP\/1\.1 502 /);
  });

  it("is not told 100 in HTTP/1.0, which would take it for the answer", async () => {
    await using upstream = await ok();
    await using app = await fronting(upstream);
    const got = await speak(app.url, `${head.replace("HTTP/1.1", "HTTP/1.0")}\r\nbody`);
    expect(got).toMatch(/^HTTP\/1\.1 200 /);
  });
});

async function rawUpstreamEcho(): Promise<Upstream> {
  const { createServer } = await import("node:http");
  const server = createServer((request, response) => {
    response.writeHead(200);
    request.pipe(response);
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
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
