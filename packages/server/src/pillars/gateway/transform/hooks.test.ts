import { add, definePlugin, problem, raiser, RequestObservers } from "portico/kernel";
import { describe, expect, it } from "vitest";
import { fronting } from "../fronting.fixture.ts";
import { httpUpstream } from "../upstreams.fixture.ts";
import type { Upstream } from "../upstreams.fixture.ts";
import { reply } from "./hook-reply.ts";
import type { Hooks } from "./hooks.ts";

const key = { kind: "key", subject: "key_1", permissions: [] } as const;
const echo = (): Promise<Upstream> =>
  httpUpstream((_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end('{"a":1}');
  });

describe("hooks", () => {
  const raise = raiser({ "shop.closed": problem(403, "The shop is closed.") });

  it("change what transforms cannot say, the route's inside the API's", async () => {
    await using upstream = await echo();
    const seen: string[] = [];
    await using app = await fronting(upstream, {
      auth: "key",
      hooks: {
        onRequest: (
          message: { path: string },
          info: { caller: { subject: string }; route: string },
        ) => {
          seen.push(`api up ${info.caller.subject} ${info.route}`);
          message.path = "/moved";
        },
        onResponse: () => void seen.push("api down"),
      },
      routes: [
        {
          path: "/a",
          hooks: {
            reads: ["response"],
            onRequest: async () => {
              await Promise.resolve();
              seen.push("route up");
            },
            onResponse: async (message: { body: unknown; status: number }) => {
              await Promise.resolve();
              seen.push("route down");
              message.body = { wrapped: message.body };
              message.status = 202;
            },
          },
        },
      ],
    });
    const reply = await fetch(`${app.url}/a`, { headers: app.as(key).headers });
    expect(reply.status).toBe(202);
    expect(await reply.json()).toStrictEqual({ wrapped: { a: 1 } });
    expect(upstream.seen[0]?.url).toBe("/moved");
    expect(seen).toStrictEqual(["api up key_1 shop /a", "route up", "route down", "api down"]);
  });

  it.each<[string, Hooks, string, number]>([
    ["throws", { onRequest: () => void JSON.parse("{") }, "500 gateway.hookFailed", 0],
    ["rejects", { onRequest: () => Promise.reject(new Error("no")) }, "500 gateway.hookFailed", 0],
    [
      "hangs",
      { timeoutMs: 20, onRequest: () => new Promise<void>(() => undefined) },
      "500 gateway.hookFailed",
      0,
    ],
    [
      "refuses",
      {
        onRequest: () => {
          throw raise("shop.closed");
        },
      },
      "403 shop.closed",
      0,
    ],
    [
      "throws on the reply",
      { onResponse: () => void JSON.parse("{") },
      "502 gateway.replyHookFailed",
      1,
    ],
    [
      "rejects on the reply",
      { onResponse: () => Promise.reject(new Error("no")) },
      "502 gateway.replyHookFailed",
      1,
    ],
    [
      "hangs on the reply",
      { timeoutMs: 20, onResponse: () => new Promise<void>(() => undefined) },
      "502 gateway.replyHookFailed",
      1,
    ],
    [
      "answers a cycle",
      {
        reads: ["response"],
        onResponse: (message: { body: unknown }) => {
          const a: unknown[] = [];
          a.push(a);
          message.body = a;
        },
      },
      "502 gateway.replyHookFailed",
      1,
    ],
    [
      "sets the framing",
      {
        onResponse: (message: { headers: { set(name: string, value: string): void } }) =>
          message.headers.set("Content-Length", "1"),
      },
      "502 gateway.replyHookFailed",
      1,
    ],
  ])("that %s is answered with a stable code", async (_title, hooks, want, calls) => {
    await using upstream = await echo();
    await using app = await fronting(upstream, { hooks });
    const reply = await fetch(app.url);
    expect(`${reply.status} ${((await reply.json()) as { code: string }).code}`).toBe(want);
    expect(upstream.seen).toHaveLength(calls);
  });

  it.each<[unknown, string]>([
    [7, "no object"],
    [{}, "neither onRequest nor onResponse"],
    [{ onRequest: 1 }, "no function"],
    [{ onRequest: () => undefined, reads: ["body"] }, "reads"],
    [{ onRequest: () => undefined, timeoutMs: 0 }, "timeoutMs"],
    ["./gone.ts", "gone.ts"],
  ])("are not made of %j", async (hooks, text) => {
    const started = fronting({ url: "http://127.0.0.1:1" }, { hooks });
    const fault: unknown = await started.catch((error: unknown) => error);
    expect(fault instanceof Error ? String(fault.cause) : "it started").toContain(text);
  });

  it("answer a call themselves: nothing is called, nobody behind them is asked, and the log says who", async () => {
    await using upstream = await echo();
    const seen: string[] = [];
    const answers: unknown[] = [];
    const observer = add(RequestObservers, {
      answered: (answer) => answers.push(answer.details().decisions),
    });
    await using app = await fronting(
      upstream,
      {
        cors: { origins: ["https://app.test"] },
        hooks: {
          onRequest: async (message: { path: string }) => {
            await Promise.resolve();
            if (message.path !== "/b") return undefined;
            return reply(202, { "X-Own": ["1", "2"], "Cache-Control": "max-age=60" }, { b: "é" });
          },
          onResponse: () => void seen.push("api down"),
        },
        cache: { ttlMs: 60_000 },
        routes: [
          { path: "/a" },
          {
            path: "/b",
            methods: ["GET", "POST"],
            hooks: { onRequest: () => void seen.push("route up") },
          },
        ],
      },
      {
        observers: [
          definePlugin({ id: "watch", version: "1.0.0", engine: "^1", contributes: [observer] }),
        ],
      },
    );
    const options = { headers: { origin: "https://app.test" } };
    for (const method of ["GET", "GET", "POST"]) {
      const body = method === "POST" ? "x".repeat(100_000) : null;
      const got = await fetch(`${app.url}/b`, { ...options, method, body });
      expect(got.status).toBe(202);
      expect(await got.json()).toStrictEqual({ b: "é" });
      expect(got.headers.get("x-own")).toBe("1, 2");
      expect(got.headers.get("content-length")).toBe("10");
      expect(got.headers.get("access-control-allow-origin")).toBe("https://app.test");
      expect(got.headers.has("age")).toBe(false);
    }
    expect([upstream.seen, seen]).toStrictEqual([[], []]);
    expect((await fetch(`${app.url}/a`)).status).toBe(200);
    expect(upstream.seen).toHaveLength(1);
    expect(answers[0]).toContainEqual({
      step: "hook",
      outcome: "answered",
      facts: { module: "inline", status: 202 },
    });
  });

  it.each<[string, () => unknown]>([
    ["a status that is none", () => reply(99)],
    ["an interim status", () => reply(101)],
    ["a field of framing", () => reply(200, { "Transfer-Encoding": "chunked" })],
    ["a field with a line break", () => reply(200, { "X-A": "1\r\nX-B: 2" })],
    ["a body where there is none", () => reply(304, {}, "x")],
    ["a body without a JSON form", () => reply(200, {}, 1n)],
  ])("that answer with %s are a mistake of their author", async (_title, onRequest) => {
    await using upstream = await echo();
    await using app = await fronting(upstream, { hooks: { onRequest } });
    const got = await fetch(app.url);
    expect(`${got.status} ${((await got.json()) as { code: string }).code}`).toBe(
      "500 gateway.hookFailed",
    );
    expect(upstream.seen).toHaveLength(0);
  });

  it("answer texts and bytes as they are, and what they answer counts", async () => {
    const bodies: Record<string, () => unknown> = {
      "/text": () => reply(200, {}, "ja"),
      "/bytes": () => reply(200, { "Content-Type": "image/png" }, new Uint8Array([1, 2])),
      "/none": () => reply(204),
    };
    await using upstream = await echo();
    await using app = await fronting(upstream, {
      hooks: { onRequest: ({ path }: { path: string }) => bodies[path]?.() },
    });
    const got = await Promise.all(
      Object.keys(bodies).map(async (path) => {
        const one = await fetch(`${app.url}${path}`);
        return [one.status, one.headers.get("content-type"), (await one.arrayBuffer()).byteLength];
      }),
    );
    expect(got).toStrictEqual([
      [200, "text/plain; charset=utf-8", 2],
      [200, "image/png", 2],
      [204, null, 0],
    ]);
    expect(upstream.seen).toHaveLength(0);
  });
});
