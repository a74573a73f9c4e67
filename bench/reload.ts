// `node bench/reload.ts [reloads] [routes] [calls a second]`: what reloads of the gateway's table cost the calls that go through it.
// One process, one paced load of the same rate without and with reloads; prints both p99 and their ratio.
import { createServer } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { createPortico } from "../packages/server/src/index.ts";
import type { GatewayFace, GatewaySettings } from "../packages/server/src/pillars/gateway/index.ts";
import { printMachine } from "./figures.ts";

const RELOADS = Number(process.argv[2] ?? 1_000);
const ROUTES = Number(process.argv[3] ?? 5_000);
const RATE = Number(process.argv[4] ?? 2_500);
const CONNECTIONS = 32;
const WITHOUT_MS = 10_000;
const WITH_MAX_MS = 45_000;

const upstream = createServer((_request, response) => response.end("ok"));
await new Promise<void>((listening) => {
  upstream.listen(0, "127.0.0.1", listening);
});
const address = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;

/** Every reload changes one route and the settings of one API; all others stay as they are. */
function apis(round: number): unknown[] {
  const routes = Array.from({ length: ROUTES }, (_each, index) => ({
    path: `/r/${index}/{id}`,
    methods: ["GET"],
    ...(index === round % ROUTES ? { rateLimit: 1_000_000_000 + round } : {}),
  }));
  return [
    { id: "shop", basePath: "/shop", upstream: address, identity: false, routes },
    { id: "other", basePath: "/other", upstream: address, rateLimit: round + 1 },
  ];
}

const portico = await createPortico({
  data: ":memory:",
  log: { level: "warn" },
  gateway: { apis: apis(0) },
} as Parameters<typeof createPortico>[0]);
await portico.start();
const { url } = await portico.listen("127.0.0.1", 0);
const ctx = portico.context("gateway");
const face: GatewayFace = ctx.get({ id: "gateway@1" });
const settings = ctx.settings as GatewaySettings;

interface Run {
  readonly timesMs: number[];
  failed: number;
  isOver: boolean;
}

/** One connection, which sends at its own fixed times; a late answer delays nobody else's. */
async function lane(run: Run, number: number): Promise<void> {
  const { port } = new URL(url);
  const socket = connect({ port: Number(port), host: "127.0.0.1", noDelay: true });
  await new Promise((done) => socket.once("connect", done));
  let got = "";
  let answered: () => void = () => undefined;
  const ended = (): void => answered();
  socket.on("data", (chunk: Buffer) => {
    got += chunk.toString("latin1");
    if (got.endsWith("ok")) answered();
  });
  socket.on("close", ended);
  const everyMs = (1_000 * CONNECTIONS) / RATE;
  let due = performance.now() + (everyMs * number) / CONNECTIONS;
  for (let count = number; !run.isOver; count += CONNECTIONS) {
    const ahead = due - performance.now();
    if (ahead > 0) await wait(ahead);
    got = "";
    const answer = new Promise<void>((done) => {
      answered = done;
    });
    socket.write(`GET /shop/r/${(count * 7) % ROUTES}/x HTTP/1.1\r\nHost: bench\r\n\r\n`);
    await answer;
    // From when it was due: a call that had to wait for its turn has waited.
    run.timesMs.push(performance.now() - due);
    if (!got.startsWith("HTTP/1.1 200")) run.failed += 1;
    due += everyMs;
  }
  socket.destroy();
}

async function measured(during: () => Promise<void>): Promise<Run> {
  const run: Run = { timesMs: [], failed: 0, isOver: false };
  const lanes = Array.from({ length: CONNECTIONS }, (_each, number) => lane(run, number));
  await during();
  run.isOver = true;
  await Promise.all(lanes);
  return run;
}

function at({ timesMs }: Run, share: number): number {
  const sorted = timesMs.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
}

async function reloadAll(): Promise<number> {
  const startedAt = performance.now();
  for (let round = 1; round <= RELOADS; round += 1) {
    if (performance.now() - startedAt > WITH_MAX_MS) return round - 1;
    const { mistakes } = await face.reload({
      ...settings,
      apis: apis(round) as GatewaySettings["apis"],
    });
    if (mistakes !== undefined) throw new TypeError(mistakes.join("; "));
  }
  return RELOADS;
}

printMachine();
await measured(() => wait(3_000));
const without = await measured(() => wait(WITHOUT_MS));
let done = 0;
const startedAt = performance.now();
const during = await measured(async () => {
  done = await reloadAll();
});
const seconds = (performance.now() - startedAt) / 1_000;
const told = (run: Run): string =>
  `${run.timesMs.length} calls, ${run.failed} failed, p50 ${at(run, 0.5).toFixed(2)} ms, p99 ${at(run, 0.99).toFixed(2)} ms`;
console.log(`paced at ${RATE}/s over ${CONNECTIONS} connections, ${ROUTES} routes`);
console.log(`without reloads: ${told(without)}`);
console.log(`with ${done} reloads in ${seconds.toFixed(1)} s: ${told(during)}`);
console.log(`p99 ratio ${(at(during, 0.99) / at(without, 0.99)).toFixed(2)}`);
await portico.stop();
upstream.close();
upstream.closeAllConnections();
