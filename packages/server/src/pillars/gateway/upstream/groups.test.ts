import { connect } from "node:net";
import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { fronting } from "../fronting.fixture.ts";
import { httpUpstream, rawUpstream, speak } from "../upstreams.fixture.ts";
import type { Upstream } from "../upstreams.fixture.ts";

const named = (name: string): Promise<Upstream> =>
  httpUpstream((_request, response) => response.end(name));
/** Accepts and hangs up before it answers. */
const hangsUp = (asked: string[] = []): Promise<Upstream> =>
  rawUpstream((socket, text) => {
    asked.push(text);
    socket.destroy();
  });
const ask = async (url: string, init: RequestInit = {}): Promise<string> => {
  const reply = await fetch(url, init);
  const text = await reply.text();
  return reply.ok ? text : `${reply.status} ${(JSON.parse(text) as { code: string }).code}`;
};
const askMany = async (url: string, count: number): Promise<string> => {
  const got: string[] = [];
  for (let index = 0; index < count; index += 1) got.push(await ask(url));
  return got.join("");
};
const targets = (...upstreams: readonly { readonly url: string }[]): object[] =>
  upstreams.map(({ url }) => ({ url }));
/** An address that nothing listens at. */
async function gone(): Promise<{ readonly url: string }> {
  await using upstream = await named("gone");
  return { url: upstream.url };
}

describe("a group of targets", () => {
  it("is called in turn, each by its own name", async () => {
    await using a = await named("a");
    await using b = await named("b");
    await using app = await fronting(a, { upstream: { targets: targets(a, b) } });
    expect(await askMany(app.url, 6)).toBe("ababab");
    for (const each of [a, b]) {
      expect(each.seen[0]?.headers.host).toBe(new URL(each.url).host);
    }
  });

  it("keeps the caller's Host where that is asked for", async () => {
    await using a = await named("a");
    await using b = await named("b");
    const upstream = { targets: targets(a, b) };
    await using app = await fronting(a, { upstream, preserveHost: true });
    await speak(app.url, "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n", "a");
    await speak(app.url, "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n", "b");
    expect([a, b].map(({ seen }) => seen[0]?.headers.host)).toStrictEqual([
      "shop.example",
      "shop.example",
    ]);
  });

  it("may be named, and shared by several APIs", async () => {
    await using a = await named("a");
    await using b = await named("b");
    await using app = await fronting(
      a,
      { upstream: "pool", basePath: "/one" },
      {
        upstreams: [
          { id: "pool", targets: [{ url: a.url, weight: 3 }, { url: b.url }], balance: "weighted" },
        ],
      },
    );
    expect((await askMany(`${app.url}/one`, 8)).split("").toSorted().join("")).toBe("aaaaaabb");
  });

  it("gets the next call where the fewest are under way", async () => {
    let release: () => void = () => {};
    await using slow = await httpUpstream((request, response) => {
      if (request.url === "/wait") release = () => response.end("slow");
      else response.end("s");
    });
    await using quick = await named("q");
    const upstream = { targets: targets(slow, quick), balance: "leastConnections" };
    await using app = await fronting(slow, { upstream });
    const waiting = ask(`${app.url}/wait`);
    await vi.waitUntil(() => slow.seen.length === 1);
    expect(await askMany(app.url, 4)).toBe("qqqq");
    release();
    expect(await waiting).toBe("slow");
    expect(await askMany(app.url, 2)).toContain("s");
  });

  it.each([
    ["an unknown name", "nobody", "none of `upstreams`"],
    [
      "different paths",
      { targets: [{ url: "http://a/x" }, { url: "http://b/y" }] },
      "different paths",
    ],
    [
      "a password",
      { targets: [{ url: "http://a" }, { url: "http://me:secret@b" }] },
      "holds a user or password",
    ],
  ])("is refused at start for %s", async (_name, upstream, reason) => {
    const start = fronting({ url: "http://127.0.0.1:1" }, { upstream });
    const error: unknown = await start.then(
      () => "it started",
      (cause: unknown) => cause,
    );
    const told = inspect(error, { depth: 8 });
    expect(told).toContain(reason);
    expect(told).not.toContain("secret");
  });
});

describe("a retry", () => {
  const retries = { max: 2, budgetRatio: 1 };

  it("goes to another target when the first cannot be reached, with any method and body", async () => {
    const away = await gone();
    await using well = await named("well");
    const upstream = { targets: targets(away, well), retries };
    await using app = await fronting(well, { upstream });
    expect(await ask(app.url)).toBe("well");
    expect(await ask(app.url, { method: "POST", body: "pay" })).toBe("well");
    const stream = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode("streamed"));
        controller.close();
      },
    });
    expect(await ask(app.url, { method: "POST", body: stream, duplex: "half" })).toBe("well");
    expect(well.seen.map(({ body }) => body)).toStrictEqual(["", "pay", "streamed"]);
  });

  it.each([
    ["a GET", { method: "GET" }, "well"],
    ["a PUT with its body", { method: "PUT", body: "new" }, "well"],
    [
      "a POST with an Idempotency-Key",
      { method: "POST", body: "pay", headers: { "idempotency-key": "k" } },
      "well",
    ],
    ["a POST", { method: "POST", body: "pay" }, "502 gateway.upstreamClosed"],
    ["a PATCH without a body", { method: "PATCH" }, "502 gateway.upstreamClosed"],
    [
      "a PUT whose body is too large to keep",
      { method: "PUT", body: "x".repeat(2_000) },
      "502 gateway.upstreamClosed",
    ],
  ] as const)(
    "after a hang-up of %s is made only where twice is safe",
    async (_name, init, expected) => {
      const asked: string[] = [];
      await using first = await hangsUp(asked);
      await using well = await named("well");
      const upstream = {
        targets: targets(first, well),
        retries: { ...retries, bodyBytesMax: 1_000 },
      };
      await using app = await fronting(well, { upstream });
      expect(await ask(app.url, init)).toBe(expected);
      expect(asked.length).toBeGreaterThan(0);
      const bodies = well.seen.map(({ body }) => body);
      expect(bodies).toStrictEqual(expected === "well" ? ["body" in init ? init.body : ""] : []);
    },
  );

  it("is made for a status and for a late first byte where that is asked for", async () => {
    await using ill = await httpUpstream((_request, response) => {
      response.writeHead(503, { "x-from": "ill" });
      response.end('{"code":"ill"}');
    });
    await using mute = await rawUpstream(() => {});
    await using well = await named("well");
    const upstream = {
      targets: targets(ill, mute, well),
      retries: { ...retries, on: [503, "timeout"] },
    };
    await using app = await fronting(well, { upstream, timeouts: { firstByteMs: 200 } });
    expect(await ask(app.url)).toBe("well");
    expect(ill.seen).toHaveLength(1);
    const only = { ...upstream, targets: targets(mute) };
    await using late = await fronting(mute, { upstream: only, timeouts: { firstByteMs: 200 } });
    expect(await ask(late.url, { method: "POST", body: "x" })).toBe("504 gateway.upstreamTimeout");
  });

  it("is not made when a byte of the reply has been passed on", async () => {
    let calls = 0;
    const half = (): Promise<Upstream> =>
      rawUpstream((socket) => {
        calls += 1;
        socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
      });
    await using a = await half();
    await using b = await half();
    await using app = await fronting(a, { upstream: { targets: targets(a, b), retries } });
    const reply = await fetch(app.url);
    await expect(reply.text()).rejects.toThrow("terminated");
    expect(calls).toBe(1);
  });

  it("passes the last failure on when there is nothing left to try, once for each target", async () => {
    const asked: string[] = [];
    await using a = await hangsUp(asked);
    await using b = await hangsUp(asked);
    await using c = await hangsUp(asked);
    const upstream = { targets: targets(a, b, c), retries };
    await using app = await fronting(a, { upstream });
    expect(await ask(app.url)).toBe("502 gateway.upstreamClosed");
    expect(asked).toHaveLength(3);
  });

  it("is made for a fifth of the calls at most, unless set otherwise", async () => {
    const asked: string[] = [];
    await using a = await hangsUp(asked);
    await using app = await fronting(a, { upstream: { targets: targets(a), retries: { max: 5 } } });
    for (let call = 0; call < 50; call += 1) await ask(app.url);
    expect(asked.length).toBeLessThanOrEqual(50 + 3 + 10);
    expect(asked.length).toBeGreaterThan(50);
  });
});

describe("targets that fail", () => {
  it("are left out for a while, and the others serve without a failed call", async () => {
    await using ill = await httpUpstream((_request, response) => {
      response.writeHead(500);
      response.end('{"code":"ill"}');
    });
    await using well = await named("w");
    const health = { passive: { failures: 2, windowMs: 60_000, ejectMs: 60_000 } };
    await using app = await fronting(well, { upstream: { targets: targets(ill, well), health } });
    expect(await askMany(app.url, 4)).toBe("500 illw500 illw");
    expect(await askMany(app.url, 6)).toBe("wwwwww");
    expect(ill.seen).toHaveLength(2);
  });

  it("are 503 with Retry-After when none is left, and nothing is sent", async () => {
    const asked: string[] = [];
    await using a = await hangsUp(asked);
    const health = { passive: { failures: 1, ejectMs: 30_000 } };
    await using app = await fronting(a, { upstream: { targets: targets(a), health } });
    await ask(app.url);
    const reply = await fetch(app.url);
    expect(reply.status).toBe(503);
    expect(await reply.json()).toMatchObject({ code: "gateway.upstreamsDown" });
    expect(Number(reply.headers.get("retry-after"))).toBeGreaterThan(25);
    expect(asked).toHaveLength(1);
    expect((await app.inject({ url: "/livez" })).status).toBe(200);
  });

  it("are left alone by an open breaker, and called again when a trial succeeds", async () => {
    let isWell = false;
    await using upstream = await httpUpstream((_request, response) => {
      response.writeHead(isWell ? 200 : 502);
      response.end(isWell ? "well" : '{"code":"ill"}');
    });
    const breaker = { failureRatio: 0.5, callsMin: 4, openMs: 300, trialCalls: 1 };
    await using app = await fronting(upstream, {
      upstream: { targets: targets(upstream), breaker },
    });
    for (let call = 0; call < 4; call += 1) expect(await ask(app.url)).toBe("502 ill");
    expect(await ask(app.url)).toBe("503 gateway.upstreamsDown");
    expect(upstream.seen).toHaveLength(4);
    isWell = true;
    await vi.waitUntil(async () => (await ask(app.url)) === "well", { timeout: 5_000 });
    expect(await askMany(app.url, 3)).toBe("wellwellwell");
    const metrics = await app.inject({ url: "/metrics", headers: app.as().headers });
    expect(metrics.text).toMatch(/gateway_upstream_changes_total\{[^}]*change="open"[^}]*\} 1/);
    expect(metrics.text).toMatch(/gateway_upstream_changes_total\{[^}]*change="closed"[^}]*\} 1/);
  });

  it("are found by their health checks before a call meets them, and come back", async () => {
    let isWell = true;
    const paths: string[] = [];
    await using shaky = await httpUpstream(({ url = "" }, response) => {
      paths.push(url);
      response.writeHead(isWell ? 200 : 500);
      response.end("s");
    });
    await using well = await named("w");
    const health = {
      active: {
        path: "/ready",
        intervalMs: 50,
        timeoutMs: 500,
        healthyAfter: 2,
        unhealthyAfter: 2,
      },
    };
    await using app = await fronting(well, { upstream: { targets: targets(shaky, well), health } });
    await vi.waitUntil(() => paths.includes("/ready"));
    expect(await askMany(app.url, 2)).toBe("sw");
    isWell = false;
    const checks = paths.length;
    await vi.waitUntil(() => paths.length >= checks + 3);
    expect(await askMany(app.url, 4)).toBe("wwww");
    isWell = true;
    await vi.waitUntil(async () => (await ask(app.url)) === "s", { timeout: 5_000 });
  });

  it("are not blamed for callers that leave", async () => {
    await using mute = await rawUpstream(() => {});
    const health = { passive: { failures: 1, ejectMs: 60_000 } };
    await using app = await fronting(mute, { upstream: { targets: targets(mute), health } });
    for (let call = 0; call < 3; call += 1) {
      const socket = connect(Number(new URL(app.url).port), "127.0.0.1");
      socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await vi.waitUntil(() => mute.sockets.size === 1);
      socket.destroy();
      await vi.waitUntil(() => mute.sockets.size === 0);
    }
    const metrics = await app.inject({ url: "/metrics", headers: app.as().headers });
    expect(metrics.text).not.toMatch(/gateway_upstream_changes_total\{/);
  });
});

describe("a caller that is slow", () => {
  it("is 408 when its body stops, and the upstream is let go", async () => {
    await using upstream = await named("never");
    await using app = await fronting(upstream, { timeouts: { idleMs: 300, firstByteMs: 100 } });
    const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf";
    const got = await speak(app.url, head);
    expect(got).toMatch(/^HTTP\/1\.1 408 /);
    expect(got).toContain("gateway.callerTooSlow");
    expect(got).toMatch(/connection: close/i);
    await vi.waitUntil(() => upstream.sockets.size === 0);
    expect(upstream.seen).toHaveLength(0);
  });

  it("is 408 as well while its body is read for a retry", async () => {
    await using upstream = await named("never");
    await using app = await fronting(upstream, {
      upstream: { targets: targets(upstream), retries: { max: 1 } },
      timeouts: { idleMs: 300 },
    });
    const got = await speak(
      app.url,
      "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf",
    );
    expect(got).toMatch(/^HTTP\/1\.1 408 /);
    expect(upstream.sockets.size).toBe(0);
  });

  it("has its trickled body taken to the end, however far the first byte then is from its start", async () => {
    await using upstream = await named("took it");
    await using app = await fronting(upstream, { timeouts: { firstByteMs: 300, idleMs: 2_000 } });
    const port = Number(new URL(app.url).port);
    const socket = connect(port, "127.0.0.1");
    socket.write("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 12\r\n\r\n");
    for (let index = 0; index < 12; index += 1) {
      await new Promise((resolve) => {
        setTimeout(resolve, 100);
      });
      socket.write("x");
    }
    let got = "";
    for await (const chunk of socket) got += String(chunk);
    expect(got).toMatch(/^HTTP\/1\.1 200 /);
    expect(upstream.seen[0]?.body).toBe("x".repeat(12));
  });
});
