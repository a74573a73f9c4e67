import { problem, raiser } from "portico/kernel";
import { describe, expect, it } from "vitest";
import { fronting } from "../fronting.fixture.ts";
import { httpUpstream } from "../upstreams.fixture.ts";
import type { Upstream } from "../upstreams.fixture.ts";
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
});
