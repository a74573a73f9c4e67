import { describe, expect, it } from "vitest";
import { fronting } from "./fronting.fixture.ts";
import { httpUpstream, rawUpstream, speak } from "./upstreams.fixture.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

describe("an upstream that is not HTTP as agreed", () => {
  it.each([
    ["garbage", "220 mail.example ESMTP\r\n\r\n"],
    ["HTTP/2", "HTTP/2.0 200 OK\r\n\r\n"],
    [
      "Content-Length beside Transfer-Encoding",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"],
    ["a signed length", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nab"],
    ["a list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nab"],
    ["an unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"],
    [
      "chunked twice",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a folded line", "HTTP/1.1 200 OK\r\nX-A: 1\r\n  more\r\nContent-Length: 0\r\n\r\n"],
    ["a space before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n"],
    ["a bare line feed", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n"],
    ["a bare carriage return", "HTTP/1.1 200 OK\r\nX-A: a\rb\r\n\r\n"],
    ["a NUL", "HTTP/1.1 200 OK\r\nX-A: a\0b\r\n\r\n"],
    ["an empty name", "HTTP/1.1 200 OK\r\n: b\r\n\r\n"],
    ["an upgrade nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"],
    ["a head without end", `HTTP/1.1 200 OK\r\nX-A: ${"a".repeat(70_000)}`],
  ])("is answered as 502 for %s", async (_name, bytes) => {
    await using upstream = await rawUpstream((socket) => socket.write(bytes, "latin1"));
    await using app = await fronting(upstream);
    const got = await speak(app.url, GET);
    expect(got).toMatch(/^HTTP\/1\.1 502 /);
    expect(got).toContain("gateway.upstreamMalformed");
  });

  it.each([
    ["a chunk size in another notation", "0x2\r\nok\r\n0\r\n\r\n"],
    ["a signed chunk size", "+2\r\nok\r\n0\r\n\r\n"],
    ["an overlong chunk size", "10000000000000000002\r\nok\r\n0\r\n\r\n"],
    ["bytes between chunks", "2\r\nok!\r\n0\r\n\r\n"],
    ["a line feed alone after a size", "2\nok\r\n0\r\n\r\n"],
  ])("breaks the caller's connection within a body with %s", async (_name, body) => {
    await using upstream = await rawUpstream((socket) =>
      socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`),
    );
    await using app = await fronting(upstream);
    const got = await speak(app.url, GET);
    expect(got).not.toContain("0\r\n\r\n");
  });

  it.each([
    ["promises more bytes than it sends", "Content-Length: 10\r\n\r\nhalf"],
    ["ends within its chunks", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"],
  ])("never looks complete when it %s", async (_name, rest) => {
    await using upstream = await rawUpstream((socket) => {
      socket.end(`HTTP/1.1 200 OK\r\n${rest}`);
    });
    await using app = await fronting(upstream);
    const reply = await fetch(app.url);
    await expect(reply.text()).rejects.toThrow("terminated");
    expect((await app.inject({ url: "/livez" })).status).toBe(200);
  });

  it("never has what it sends after its reply taken for the next caller's", async () => {
    let connections = 0;
    await using upstream = await rawUpstream((socket, text) => {
      if (!text.startsWith("GET")) return;
      connections += 1;
      const evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood${evil}`);
    });
    await using app = await fronting(upstream);
    expect(await (await fetch(app.url)).text()).toBe("good");
    expect(await (await fetch(app.url)).text()).toBe("good");
    expect(connections).toBe(2);
  });

  it("may end a body by closing, and leave out bodies that 204, 304 and HEAD have not", async () => {
    await using upstream = await rawUpstream((socket, text) => {
      const [method = "", path = ""] = text.split(" ");
      if (path === "/close") socket.end("HTTP/1.0 200 OK\r\n\r\nto the end");
      else if (method === "HEAD") socket.write("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n");
      else if (path === "/304")
        socket.write("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n");
      else socket.write("HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n");
    });
    await using app = await fronting(upstream);
    expect(await (await fetch(`${app.url}/close`)).text()).toBe("to the end");
    const head = await fetch(`${app.url}/head`, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe("99");
    expect((await fetch(`${app.url}/304`)).status).toBe(304);
    const empty = await fetch(`${app.url}/204`);
    expect(empty.status).toBe(204);
    expect(empty.headers.get("content-length")).toBeNull();
  });

  it("may send 103, which reaches the caller before the reply", async () => {
    await using upstream = await rawUpstream((socket) =>
      socket.write(
        "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
      ),
    );
    await using app = await fronting(upstream);
    const got = await speak(app.url, GET);
    expect(got).toMatch(
      /^HTTP\/1\.1 103 .*\r\nLink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 /is,
    );
  });

  it("has its reply read the same in single bytes", async () => {
    await using upstream = await rawUpstream((socket) => {
      void (async () => {
        const text =
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        for (const character of text) {
          socket.write(character);
          await new Promise((resolve) => {
            setImmediate(resolve);
          });
        }
      })();
    });
    await using app = await fronting(upstream);
    expect(await (await fetch(app.url)).text()).toBe("abcde");
  });
});

describe("an upstream that is away", () => {
  it("is answered as 502, and the server goes on", async () => {
    const gone = await httpUpstream(() => {});
    await gone[Symbol.asyncDispose]();
    await using app = await fronting(gone);
    const reply = await fetch(app.url);
    expect(reply.status).toBe(502);
    const problem = (await reply.json()) as Record<string, unknown>;
    expect(problem).toMatchObject({ code: "gateway.upstreamUnreachable" });
    expect(JSON.stringify(problem)).not.toContain(new URL(gone.url).port);
    expect((await app.inject({ url: "/livez" })).status).toBe(200);
  });

  it("is answered as 504 when it does not begin in time", async () => {
    await using upstream = await rawUpstream(() => {});
    await using app = await fronting(upstream, { timeouts: { firstByteMs: 150 } });
    const reply = await fetch(app.url);
    expect(reply.status).toBe(504);
    expect(await reply.json()).toMatchObject({ code: "gateway.upstreamTimeout" });
  });

  it("breaks the caller's connection when it stops within its reply", async () => {
    await using upstream = await rawUpstream((socket) =>
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
    );
    await using app = await fronting(upstream, { timeouts: { idleMs: 150 } });
    const reply = await fetch(app.url);
    await expect(reply.text()).rejects.toThrow("terminated");
  });

  it("is given up when the whole of a call takes too long, however lively its reply", async () => {
    await using upstream = await rawUpstream((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      const drip = setInterval(() => socket.write("1\r\n.\r\n"), 20);
      socket.on("close", () => clearInterval(drip));
    });
    await using app = await fronting(upstream, { timeouts: { idleMs: 60_000, totalMs: 300 } });
    const reply = await fetch(app.url);
    expect(reply.status).toBe(200);
    await expect(reply.text()).rejects.toThrow("terminated");
  });

  it("is asked once more when it had closed a kept connection, and only for what may be repeated", async () => {
    const asked: string[] = [];
    await using upstream = await rawUpstream((socket, text) => {
      const [method = "", path = ""] = text.split(" ");
      asked.push(`${method} ${path}`);
      if (path === "/first") socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      else if (asked.filter((each) => each === `${method} ${path}`).length === 1) socket.destroy();
      else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nagain");
    });
    await using app = await fronting(upstream);
    await (await fetch(`${app.url}/first`)).text();
    expect(await (await fetch(`${app.url}/get`)).text()).toBe("again");
    await (await fetch(`${app.url}/first`)).text();
    const post = await fetch(`${app.url}/post`, { method: "POST", body: "pay" });
    expect(post.status).toBe(502);
    expect(asked).toStrictEqual(["GET /first", "GET /get", "GET /get", "GET /first", "POST /post"]);
  });

  it("has no more connections than it may; calls beyond wait their turn", async () => {
    let most = 0;
    await using upstream = await httpUpstream((_request, response) => {
      most = Math.max(most, upstream.sockets.size);
      setImmediate(() => response.end("ok"));
    });
    await using app = await fronting(upstream, { connectionsMax: 2 });
    const all = await Promise.all(Array.from({ length: 20 }, () => fetch(app.url)));
    expect(all.every(({ status }) => status === 200)).toBe(true);
    expect(most).toBeLessThanOrEqual(2);
  });

  it("may answer before it has read the body; that connection is not used again", async () => {
    let connections = 0;
    await using upstream = await rawUpstream((socket, text) => {
      if (!/^(?:GET|POST)/.test(text)) return;
      connections += 1;
      socket.write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
    });
    await using app = await fronting(upstream);
    const early = await speak(
      app.url,
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\npart",
      "no",
    );
    expect(early).toMatch(/^HTTP\/1\.1 401 /);
    expect(early.toLowerCase()).toContain("connection: close");
    await (await fetch(app.url)).text();
    expect(connections).toBe(2);
  });
});
