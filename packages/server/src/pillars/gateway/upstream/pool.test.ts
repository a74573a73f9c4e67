import { systemClock } from "portico/kernel";
import { expect, it } from "vitest";
import { httpUpstream } from "../upstreams.fixture.ts";
import type { Exchange, RequestLink } from "./exchange.ts";
import { UpstreamPool } from "./pool.ts";

const timeouts = {
  connectMs: 2_000,
  firstByteMs: 2_000,
  idleMs: 2_000,
  totalMs: 0,
  bodyBytesPerSecondMin: 0,
};

/** Sends a GET whose receiver asks to wait at every chunk, and never resumes once the reply has ended. */
function callPausing(pool: UpstreamPool, path: string): Promise<number | string> {
  const { promise, resolve } = Promise.withResolvers<number | string>();
  let bytes = 0;
  let link: RequestLink | undefined;
  let isOver = false;
  const exchange: Exchange = {
    head: `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`,
    isHeadMethod: false,
    isRepeatable: false,
    timeouts,
    started: (given) => {
      link = given;
      given.finish();
    },
    interim: () => {},
    replied: (_head, body) => void (bytes += body?.length ?? 0),
    received: (chunk) => {
      bytes += chunk.length;
      link?.pause();
      setImmediate(() => {
        if (!isOver) link?.resume();
      });
    },
    ended: () => {
      isOver = true;
      resolve(bytes);
    },
    failed: ({ kind }) => resolve(kind),
    drained: () => {},
  };
  pool.send(exchange);
  return promise;
}

it("reads the next reply of a connection whose last reply ended while its receiver was behind", async () => {
  await using upstream = await httpUpstream((_request, response) => {
    response.end("x".repeat(300_000));
  });
  const address = { host: "127.0.0.1", port: Number(new URL(upstream.url).port), isTls: false };
  const pool = new UpstreamPool({
    address,
    connectionsMax: 1,
    keepAliveMs: 4_000,
    clock: systemClock,
  });
  for (const path of ["/1", "/2", "/3"]) expect(await callPausing(pool, path)).toBe(300_000);
  expect(upstream.sockets.size).toBe(1);
  pool.drain();
});
