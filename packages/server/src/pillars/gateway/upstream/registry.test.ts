import { systemClock } from "portico/kernel";
import { describe, expect, it, vi } from "vitest";
import { httpUpstream } from "../upstreams.fixture.ts";
import type { Exchange, Upstream } from "./exchange.ts";
import { UpstreamGroup } from "./group.ts";
import type { GroupOptions } from "./group.ts";
import { UpstreamPool } from "./pool.ts";
import { readUpstream } from "./read-upstream.ts";
import { Upstreams } from "./registry.ts";
import type { UpstreamSettings } from "./settings.ts";

const registry = (): Upstreams =>
  new Upstreams({ clock: systemClock, observer: { retried: () => {}, changed: () => {} } });

function optionsOf(settings: UpstreamSettings, connectionsMax = 8): GroupOptions {
  const found = readUpstream(settings, { named: [], connectionsMax, keepAliveMs: 60_000 });
  if ("mistakes" in found) throw new TypeError(found.mistakes.join("; "));
  return found.options;
}

/** Sends a GET and answers the body, or how it failed. */
function call(upstream: Upstream, path = "/"): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let got = "";
  const exchange: Exchange = {
    head: `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`,
    isHeadMethod: false,
    isRepeatable: true,
    timeouts: { connectMs: 5_000, firstByteMs: 0, idleMs: 0, totalMs: 0, bodyBytesPerSecondMin: 0 },
    started: (link) => link.finish(),
    interim: () => {},
    replied: (_head, body) => void (got += body?.toString() ?? ""),
    received: (chunk) => void (got += chunk.toString()),
    ended: () => resolve(got),
    failed: ({ kind }) => resolve(kind),
    drained: () => {},
  };
  upstream.send(exchange);
  return promise;
}

describe("upstreams over a swap of tables", () => {
  it("are the same for the same settings, and go straight to their connections when nothing watches them", () => {
    const upstreams = registry();
    const plain = upstreams.hold(optionsOf("http://127.0.0.1:9"));
    expect(plain).toBeInstanceOf(UpstreamPool);
    expect(upstreams.hold(optionsOf("http://127.0.0.1:9"))).toBe(plain);
    expect(upstreams.hold(optionsOf("http://127.0.0.1:9", 9))).not.toBe(plain);
    const watched = { targets: [{ url: "http://127.0.0.1:9" }], breaker: {} };
    expect(upstreams.hold(optionsOf(watched))).toBeInstanceOf(UpstreamGroup);
  });

  it("keep their connections while one table holds them, and close them when none does", async () => {
    await using upstream = await httpUpstream((_request, response) => response.end("ok"));
    const upstreams = registry();
    const [old, next] = [1, 2].map(() => upstreams.hold(optionsOf(upstream.url)));
    if (old === undefined || next === undefined) throw new TypeError("two are held");
    expect(await call(old)).toBe("ok");
    upstreams.release(old);
    expect(await call(next)).toBe("ok");
    expect(upstream.sockets.size).toBe(1);
    upstreams.release(next);
    await vi.waitUntil(() => upstream.sockets.size === 0);
    expect(upstreams.counts.open).toBe(0);
  });

  it.each([
    ["a pool", (url: string): UpstreamSettings => url],
    ["a group", (url: string): UpstreamSettings => ({ targets: [{ url }], retries: { max: 1 } })],
  ])(
    "let every call end that %s has begun, in line or late, before they close",
    async (_name, as) => {
      const open: (() => void)[] = [];
      await using upstream = await httpUpstream((_request, response) => {
        open.push(() => response.end("late"));
      });
      const upstreams = registry();
      const held = upstreams.hold(optionsOf(as(upstream.url), 1));
      const calls = [call(held, "/1"), call(held, "/2"), call(held, "/3")];
      await vi.waitUntil(() => open.length === 1);
      upstreams.release(held);
      // One that had found its route before the swap and comes only now.
      calls.push(call(held, "/4"));
      for (let index = 0; index < calls.length; index += 1) {
        await vi.waitUntil(() => open.length > index);
        open[index]?.();
      }
      expect(await Promise.all(calls)).toStrictEqual(["late", "late", "late", "late"]);
      await vi.waitUntil(() => upstream.sockets.size === 0);
    },
  );
});
