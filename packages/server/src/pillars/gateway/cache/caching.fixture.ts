import { request } from "node:http";
import type { IncomingMessage, OutgoingHttpHeaders, RequestListener } from "node:http";
import { add, definePlugin, Limiters } from "portico/kernel";
import type { AnyPlugin } from "portico/kernel";
import { createTestApp, fakeClock } from "portico/testing";
import type { FakeClock, TestApp, TestAppOptions } from "portico/testing";
import { Gateway } from "../capability.ts";
import { gateway } from "../index.ts";
import type { GatewaySettings } from "../index.ts";
import type { Reloaded } from "../table/table.ts";
import { httpUpstream } from "../upstreams.fixture.ts";
import type { Upstream } from "../upstreams.fixture.ts";

/** An application behind a gateway with a cache, at a time that stands still. */
export interface Caching extends AsyncDisposable {
  readonly app: TestApp;
  readonly clock: FakeClock;
  readonly upstream: Upstream;
  readonly url: string;
  /** Puts other settings of the gateway in force. */
  reload(change: Record<string, unknown>): Promise<Reloaded>;
  /** Calls that have come as far as the cache. */
  admitted(): number;
  /** Sends exactly these fields; `path` may be a whole address. */
  ask(path: string, headers?: OutgoingHttpHeaders, method?: string): Promise<Answer>;
}

/** A reply as a test looks at it. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** `Cache-Status`. */
  readonly cache: string;
}

/** What a fixture is opened with, besides the API's settings. */
export interface CachingOptions {
  readonly listener: RequestListener;
  readonly api?: Record<string, unknown>;
  readonly gateway?: Record<string, unknown>;
  readonly driver?: TestAppOptions["driver"];
  /** Another server on the same database. */
  readonly keyringOf?: TestApp;
  readonly plugins?: readonly AnyPlugin[];
}

/** Opens it. The API is `shop`, cached unless its settings say otherwise. */
export async function caching(options: CachingOptions): Promise<Caching> {
  const upstream = await httpUpstream(options.listener);
  const clock = fakeClock();
  const apis = [{ id: "shop", upstream: upstream.url, cache: true, rateLimit: 1, ...options.api }];
  const counted = { calls: 0 };
  const app = await createTestApp({
    plugins: [countingLimiter(counted), gateway(), ...(options.plugins ?? [])],
    settings: { gateway: { apis, ...options.gateway } },
    clock,
    ...(options.driver === undefined ? {} : { driver: options.driver }),
    ...(options.keyringOf === undefined ? {} : { keyringOf: options.keyringOf }),
  }).catch(async (error: unknown) => {
    await upstream[Symbol.asyncDispose]();
    throw error;
  });
  const { url } = await app.listen("127.0.0.1", 0);
  return {
    app,
    clock,
    upstream,
    url,
    reload: (change) => {
      const context = app.context("gateway");
      const settings = { ...(context.settings as GatewaySettings), ...change };
      return context.get(Gateway).reload(settings);
    },
    admitted: () => counted.calls,
    ask: (path, headers = {}, method = "GET") => ask(new URL(path, url), { headers, method }),
    [Symbol.asyncDispose]: async () => {
      await app.stop(1_000);
      await upstream[Symbol.asyncDispose]();
    },
  };
}

/** Admits everybody, and counts them. */
function countingLimiter(counted: { calls: number }): AnyPlugin {
  return definePlugin({
    id: "nolimits",
    version: "1.0.0",
    engine: "^1",
    contributes: [
      add(Limiters, {
        take: () => {
          counted.calls += 1;
          const [policy, limit, windowMs] = ["1/min", 1, 60_000] as const;
          return { allowed: true, policy, limit, windowMs, remaining: 1, resetMs: 0 };
        },
      }),
    ],
  });
}

interface Question {
  readonly headers: OutgoingHttpHeaders;
  readonly method: string;
}

/** One request over node:http, which adds nothing to it. */
function ask(url: URL, { headers, method }: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, method }, (reply) => {
      const chunks: Buffer[] = [];
      reply.on("data", (chunk: Buffer) => chunks.push(chunk));
      reply.on("error", reject);
      reply.on("end", () => {
        const { statusCode: status = 0, headers: fields } = reply;
        const cache = String(fields["cache-status"] ?? "");
        resolve({ status, headers: fields, body: Buffer.concat(chunks).toString("latin1"), cache });
      });
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** An application that answers with these fields and counts its answers in the body. */
export function counting(headers: Readonly<Record<string, string>>, status = 200): RequestListener {
  let count = 0;
  return (incoming, response) => {
    count += 1;
    const tag = headers["etag"];
    if (tag !== undefined && incoming.headers["if-none-match"] === tag) {
      response.writeHead(304, headers).end();
      return;
    }
    response.writeHead(status, headers).end(`answer ${count}`);
  };
}
