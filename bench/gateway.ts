// The gateway on one core against bare nginx proxy_pass and Node's proxies on the same core: one upstream, rounds that have
// every row, wrk as load.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { median, printMachine, record, spread } from "./figures.ts";
import { installPeers, PEERS_FOLDER } from "./install-peers.ts";
import {
  cpuMs,
  listening,
  NGINX_PORT,
  nginxProxy,
  nginxUpstream,
  script,
  UPSTREAM_PORT,
} from "./proxies.ts";
import type { Running } from "./proxies.ts";

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "5" },
    seconds: { type: "string", default: "5" },
    connections: { type: "string", default: "64" },
    nginx: { type: "string", default: "/usr/sbin/nginx" },
    peers: { type: "boolean", default: true },
  },
  allowNegative: true,
});
const pairs = Number(values.pairs);
// The proxies share one core, one at a time; load and upstream have the other.
const [PROXY_CORE, LOAD_CORE] = ["1", "0"];
const PEERS = ["fastify-http-proxy", "http-proxy-3", "express-gateway"] as const;

interface Load {
  readonly perSecond: number;
  /** Processor time of the proxy, user and system, for one request. */
  readonly cpuUs: number;
}

interface Row {
  readonly name: string;
  readonly process: Running;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function load({ process: { child }, url, headers }: Omit<Row, "name">): Promise<Load> {
  const lines = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const before = await cpuMs(child.pid ?? 0);
  const { stdout } = await promisify(execFile)("taskset", [
    "-c",
    LOAD_CORE,
    "wrk",
    "-t1",
    `-c${values.connections}`,
    `-d${values.seconds}s`,
    ...lines,
    url,
  ]);
  const spentMs = (await cpuMs(child.pid ?? 0)) - before;
  if (stdout.includes("Non-2xx")) throw new TypeError(`${url} was refused:\n${stdout}`);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1] ?? Number.NaN);
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1] ?? Number.NaN),
    cpuUs: (spentMs * 1_000) / requests,
  };
}

/** The other proxies of Node's, installed into a folder of their own when first asked for. */
async function startPeers(upstream: string): Promise<readonly Row[]> {
  const why = await installPeers();
  if (why !== undefined) throw new TypeError(`The peers cannot be measured: ${why}`);
  const rows: Row[] = [];
  for (const name of PEERS) {
    const peer = await script<{ url: string }>(PROXY_CORE, join(PEERS_FOLDER, `${name}.mjs`), [
      upstream,
    ]);
    const url = `${peer.line.url}/bare/invoices/1042`;
    rows.push({ name: `${name}, bare`, process: peer, url, headers: {} });
  }
  return rows;
}

printMachine();
await using running = new AsyncDisposableStack();
const nginx = { binary: values.nginx };
running.use(await nginxUpstream({ ...nginx, core: LOAD_CORE }));
const proxy = running.use(await nginxProxy({ ...nginx, core: PROXY_CORE }));
await listening(UPSTREAM_PORT);
await listening(NGINX_PORT);
const upstream = `http://127.0.0.1:${UPSTREAM_PORT}`;
const startPortico = async (log: "log" | "quiet") => {
  const file = join(import.meta.dirname, "gateway-portico.ts");
  return running.use(await script<{ url: string; key: string }>(PROXY_CORE, file, [upstream, log]));
};
const quiet = await startPortico("quiet");
const logging = await startPortico("log");
const peers = values.peers ? await startPeers(upstream) : [];
for (const peer of peers) running.use(peer.process);

function rowOf(name: string, portico: typeof quiet, api: string): Row {
  const { url, key } = portico.line;
  const headers = api === "bare" ? {} : { authorization: `Bearer ${key}` };
  return { name, process: portico, url: `${url}/${api}/invoices/1042`, headers };
}

const rows: readonly Row[] = [
  rowOf("Portico, bare", quiet, "bare"),
  rowOf("Portico, key", quiet, "key"),
  rowOf("Portico, key + limit", quiet, "limit"),
  rowOf("Portico, key + limit + log", logging, "limit"),
  rowOf("Portico, key + limit + log + identity header", logging, "full"),
  ...peers,
];
const yardstick = { process: proxy, url: `http://127.0.0.1:${NGINX_PORT}/bare/invoices/1042` };
for (const row of rows) await load(row);
// One round has nginx and every row, so that what else the machine does weighs on all of them alike.
const measured = rows.map((row) => ({
  row,
  rates: [] as number[],
  ratios: [] as number[],
  cpu: [] as number[],
  cpuRatios: [] as number[],
}));
for (let pair = 0; pair < pairs; pair += 1) {
  const base = await load({ ...yardstick, headers: {} });
  for (const { row, rates, ratios, cpu, cpuRatios } of measured) {
    const own = await load(row);
    rates.push(own.perSecond);
    ratios.push(own.perSecond / base.perSecond);
    cpu.push(own.cpuUs);
    cpuRatios.push(base.cpuUs / own.cpuUs);
  }
}
for (const { row, rates, ratios, cpu, cpuRatios } of measured) {
  console.log(`${row.name}: ${spread(ratios, 2)} of nginx proxy_pass; ${spread(rates)}/s`);
  console.log(
    `  by processor time: ${spread(cpuRatios, 2)} of nginx; ${spread(cpu, 1)} µs a request`,
  );
}
const [bare, , , , full] = measured;
const taxes = (full?.cpu ?? []).map((us, pair) => 100 * (1 - (bare?.cpu[pair] ?? 0) / us));
console.log(`tax of the four, by processor time: ${spread(taxes)} % (must ≤ 25)`);
record("gateway bare of nginx", median(bare?.ratios ?? []));
record("gateway full of nginx", median(full?.ratios ?? []));
for (const { row, ratios } of measured.slice(5)) {
  const ours = (full?.ratios ?? []).map((ratio, pair) => ratio / (ratios[pair] ?? Number.NaN));
  console.log(`Portico with all four against ${row.name}: ${spread(ours, 2)} times`);
}
console.log(`${pairs} rounds of ${values.seconds} s a row, ${values.connections} connections`);
