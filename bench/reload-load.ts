// The other side of `bench/reload.ts`, in a process of its own: the upstream, and a paced load through the server.
import { createServer } from "node:http";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate, setTimeout as wait } from "node:timers/promises";

/** One run to be made. */
export interface RunWanted {
  readonly url: string;
  readonly ms: number;
  /** Calls a second, over all connections. */
  readonly rate: number;
  readonly routes: number;
}

/** What a run came to. Times are from when a call was due: one that had to wait for its turn has waited. */
export interface RunFigures {
  readonly calls: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const CONNECTIONS = 32;

interface Lane {
  readonly number: number;
  readonly wanted: RunWanted;
  readonly timesMs: number[];
  failed: number;
}

async function lane(run: Lane): Promise<void> {
  const { number, wanted, timesMs } = run;
  const socket = await connected(wanted.url);
  const everyMs = (1_000 * CONNECTIONS) / wanted.rate;
  let due = performance.now() + (everyMs * number) / CONNECTIONS;
  const end = performance.now() + wanted.ms;
  for (let count = number; due < end; count += CONNECTIONS) {
    await until(due);
    const path = `/shop/r/${(count * 7) % wanted.routes}/x`;
    const reply = await answerOf(socket, `GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`);
    timesMs.push(performance.now() - due);
    if (!reply.startsWith("HTTP/1.1 200")) run.failed += 1;
    due += everyMs;
  }
  socket.destroy();
}

async function connected(url: string): Promise<Socket> {
  const { port } = new URL(url);
  const socket = connect({ port: Number(port), host: "127.0.0.1", noDelay: true });
  await new Promise((done) => socket.once("connect", done));
  return socket;
}

/** A timer is a millisecond late or early; what is measured is less. */
async function until(due: number): Promise<void> {
  const ahead = due - performance.now();
  if (ahead > 2) await wait(ahead - 1.5);
  while (performance.now() < due) await setImmediate();
}

function answerOf(socket: Socket, request: string): Promise<string> {
  return new Promise((answered) => {
    let got = "";
    const end = (): void => {
      socket.off("data", take);
      socket.off("close", end);
      answered(got);
    };
    const take = (chunk: Buffer): void => {
      got += chunk.toString("latin1");
      if (got.endsWith("ok")) end();
    };
    socket.on("data", take);
    socket.on("close", end);
    socket.write(request);
  });
}

async function run(wanted: RunWanted): Promise<RunFigures> {
  const lanes = Array.from({ length: CONNECTIONS }, (_each, number): Lane => {
    return { number, wanted, timesMs: [], failed: 0 };
  });
  await Promise.all(lanes.map(lane));
  const sorted = lanes.flatMap(({ timesMs }) => timesMs).toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  const failed = lanes.reduce((sum, each) => sum + each.failed, 0);
  return { calls: sorted.length, failed, p50Ms: at(0.5), p99Ms: at(0.99) };
}

const upstream = createServer((_request, response) => response.end("ok"));
await new Promise<void>((listening) => {
  upstream.listen(0, "127.0.0.1", listening);
});
process.on("message", (wanted: RunWanted) => {
  void run(wanted).then((figures) => process.send?.(figures));
});
process.send?.(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`);
