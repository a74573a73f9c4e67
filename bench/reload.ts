// `node bench/reload.ts [reloads] [routes] [calls a second] [config|rows] [seconds a run]`: what reloads of the gateway's table cost the calls
// that go through it. Pairs of runs of the same paced load, without and with reloads; prints both p99 of each and their ratio.
// `config` puts another configuration in force whose every object is new and whose one route is different; `rows` changes one of
// as many routes over the API: a checked revision of its own, of which the last ten can be gone back to.
import { fork } from "node:child_process";
import { once } from "node:events";
import { setImmediate, setTimeout as wait } from "node:timers/promises";
import { createPortico } from "../packages/server/src/index.ts";
import type { GatewayFace, GatewaySettings } from "../packages/server/src/pillars/gateway/index.ts";
import {
  creating,
  makeChange,
  Table,
  updating,
} from "../packages/server/src/pillars/gateway/table/index.ts";
import { printMachine, spread } from "./figures.ts";
import type { RunFigures, RunWanted } from "./reload-load.ts";

const RELOADS = Number(process.argv[2] ?? 1_000);
const ROUTES = Number(process.argv[3] ?? 5_000);
const RATE = Number(process.argv[4] ?? 2_500);
const KIND = process.argv[5] ?? "config";
const PAIRS = 5;
const RUN_MS = 1_000 * Number(process.argv[6] ?? 8);
const ALONE = 50;

const load = fork(new URL("./reload-load.ts", import.meta.url));
const [upstream] = (await once(load, "message")) as [string];
const isConfig = KIND === "config";

/** In pieces: what is measured is the gateway, not who reads a file. */
async function apis(round: number): Promise<Record<string, unknown>[]> {
  const routes: unknown[] = [];
  for (let index = 0; isConfig && index < ROUTES; index += 1) {
    if (index % 256 === 255) await setImmediate();
    const own = index === round % ROUTES ? { rateLimit: 1_000_000_000 + round } : {};
    routes.push({ path: `/r/${index}/{id}`, methods: ["GET"], ...own });
  }
  return [
    { id: "shop", basePath: "/shop", upstream, identity: false, routes },
    { id: "other", basePath: "/other", upstream, rateLimit: round + 1 },
  ];
}

const portico = await createPortico({
  data: ":memory:",
  log: { level: "warn" },
  gateway: { apis: await apis(0) },
});
await portico.start();
const { url } = await portico.listen("127.0.0.1", 0);
const ctx = portico.context("gateway");
const face: GatewayFace = ctx.get({ id: "gateway@1" });
const settings = ctx.settings as GatewaySettings;
const table = ctx.get(Table);
const origin = { cause: "bench", trace: "0".repeat(32), actor: "bench" };

async function addRows(): Promise<void> {
  const now = ctx.clock.now();
  const rows = Array.from({ length: ROUTES }, (_each, index) => ({
    kind: "route" as const,
    id: `route_${index}`,
    api: "shop",
    settings: { path: `/r/${index}/{id}`, methods: ["GET"] },
    now,
  }));
  await makeChange(ctx, { table, plan: creating(rows), origin });
}

async function reload(round: number, read?: Record<string, unknown>[]): Promise<void> {
  if (!isConfig) {
    const wanted = { kind: "route" as const, id: `route_${round % ROUTES}`, ifMatch: undefined };
    const plan = updating({ ...wanted, now: ctx.clock.now() }, { rateLimit: 1_000_000 + round });
    await makeChange(ctx, { table, plan, origin });
    return;
  }
  const given = { ...settings, apis: read ?? (await apis(round)) } as GatewaySettings;
  const { mistakes } = await face.reload(given);
  if (mistakes !== undefined) throw new TypeError(mistakes.join("; "));
}

async function measured(during: () => Promise<void>): Promise<RunFigures> {
  const wanted: RunWanted = { url, ms: RUN_MS, rate: RATE, routes: ROUTES };
  load.send(wanted);
  const answered = once(load, "message");
  await during();
  const [figures] = (await answered) as [RunFigures];
  return figures;
}

/** Evenly over the run; one that would begin late begins as soon as the one before has ended. */
async function reloadAll(first: number, count: number): Promise<void> {
  const startedAt = performance.now();
  for (let round = 0; round < count; round += 1) {
    const ahead = startedAt + (RUN_MS * round) / count - performance.now();
    if (ahead > 0) await wait(ahead);
    await reload(first + round);
  }
}

/** What one costs the main thread, without any load and whatever else the machine does. */
async function alone(): Promise<number> {
  let spentMs = 0;
  for (let round = 1; round <= ALONE; round += 1) {
    const given = isConfig ? await apis(round) : undefined;
    const before = process.threadCpuUsage();
    await reload(round, given);
    const { user, system } = process.threadCpuUsage(before);
    // The first ones are slower: nothing is compiled yet.
    if (round > ALONE / 2) spentMs += (user + system) / 1_000;
  }
  return spentMs / (ALONE / 2);
}

printMachine();
if (!isConfig) await addRows();
console.log(`${KIND}: a reload costs ${(await alone()).toFixed(1)} ms of the main thread`);
// Warm: the load, and the reloads.
await measured(() => reloadAll(1, Math.ceil(RELOADS / PAIRS)));
const told = ({ calls, failed, p50Ms, p99Ms }: RunFigures): string =>
  `${calls} calls, ${failed} failed, p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`;
console.log(`${KIND}, ${ROUTES} routes, paced at ${RATE}/s, ${PAIRS} pairs of ${RUN_MS / 1_000} s`);
const ratios: number[] = [];
for (let pair = 0; pair < PAIRS; pair += 1) {
  const count = Math.ceil(RELOADS / PAIRS);
  const without = await measured(() => Promise.resolve());
  const startedAt = performance.now();
  let seconds = 0;
  const during = await measured(async () => {
    await reloadAll(1 + (pair + 1) * count, count);
    seconds = (performance.now() - startedAt) / 1_000;
  });
  ratios.push(during.p99Ms / without.p99Ms);
  console.log(`without: ${told(without)}`);
  console.log(`with ${count} reloads in ${seconds.toFixed(1)} s: ${told(during)}`);
}
console.log(`p99 ratio ${spread(ratios, 2)}`);
load.kill();
await portico.stop();
