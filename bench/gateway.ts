// The gateway on one core against bare nginx proxy_pass on the same core: one upstream, interleaved pairs, wrk as load.
import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { printMachine, spread } from "./figures.ts";

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "5" },
    seconds: { type: "string", default: "5" },
    connections: { type: "string", default: "64" },
    nginx: { type: "string", default: "/usr/sbin/nginx" },
  },
});
const pairs = Number(values.pairs);
// The proxies share one core, one at a time; load and upstream have the other.
const [PROXY_CORE, LOAD_CORE] = ["1", "0"];
const [UPSTREAM_PORT, NGINX_PORT] = [18_801, 18_802];

const CONF = (folder: string): string => `
worker_processes 1; daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 2048; }
http {
  access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p;
  fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  keepalive_requests 10000000;`;
const UPSTREAM_CONF = (folder: string): string => `${CONF(folder)}
  server { listen 127.0.0.1:${UPSTREAM_PORT} backlog=1024; location / { default_type application/json; return 200 '{"id":"inv_1042","total":4200,"currency":"EUR"}'; } } }`;
const PROXY_CONF = (folder: string): string => `${CONF(folder)}
  upstream app { server 127.0.0.1:${UPSTREAM_PORT}; keepalive 128; keepalive_requests 10000000; }
  server { listen 127.0.0.1:${NGINX_PORT} backlog=1024;
    location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; } } }`;

interface Running extends AsyncDisposable {
  readonly child: ChildProcess;
}

function pinned(core: string, command: readonly string[]): Running {
  const child = spawn("taskset", ["-c", core, ...command], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return {
    child,
    async [Symbol.asyncDispose]() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, "close");
    },
  };
}

async function nginx(
  core: string,
  name: string,
  conf: (folder: string) => string,
): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), `portico-bench-${name}-`));
  const file = join(folder, "nginx.conf");
  await writeFile(file, conf(folder));
  const running = pinned(core, [values.nginx, "-p", folder, "-c", file]);
  return {
    child: running.child,
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const socket = connect(port, "127.0.0.1");
    const isUp = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (isUp) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  throw new TypeError(`Nothing listens on port ${port}`);
}

interface Load {
  readonly perSecond: number;
  /** Processor time of the proxy, user and system, for one request. */
  readonly cpuUs: number;
}

async function load(
  { child }: Running,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Load> {
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

const TICK_MS = 10;

/** Of a process with its threads and its children: nginx works in a child. */
async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The name in brackets may hold spaces; utime and stime are the 14th and 15th field.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  let spent = (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  for (const task of await readdir(`/proc/${pid}/task`)) {
    const children = await readFile(`/proc/${pid}/task/${task}/children`, "utf8");
    for (const child of children.split(" ").filter((each) => each !== "")) {
      spent += await cpuMs(Number(child));
    }
  }
  return spent;
}

interface Figures {
  readonly rates: number[];
  readonly ratios: number[];
  readonly cpu: number[];
  readonly cpuRatios: number[];
}

function emptyFigures(): Figures {
  return { rates: [], ratios: [], cpu: [], cpuRatios: [] };
}

printMachine();
await using upstream = await nginx(LOAD_CORE, "upstream", UPSTREAM_CONF);
await using proxy = await nginx(PROXY_CORE, "proxy", PROXY_CONF);
await listening(UPSTREAM_PORT);
await listening(NGINX_PORT);
await using portico = pinned(PROXY_CORE, [
  process.execPath,
  join(import.meta.dirname, "gateway-portico.ts"),
  `http://127.0.0.1:${UPSTREAM_PORT}`,
]);
const [line] = (await once(portico.child.stdout ?? upstream.child, "data")) as [Buffer];
const { url, key } = JSON.parse(line.toString()) as { readonly url: string; readonly key: string };
const yardstick = `http://127.0.0.1:${NGINX_PORT}/bare/invoices/1042`;
const rows = [
  { name: "bare", url: `${url}/bare/invoices/1042`, headers: {} },
  {
    name: "key + limit + log + identity header",
    url: `${url}/full/invoices/1042`,
    headers: { authorization: `Bearer ${key}` },
  },
];
for (const { url: target, headers } of rows) await load(portico, target, headers);
// One round has nginx and every row, so that what else the machine does weighs on all of them alike.
const measured = rows.map((row) => ({ ...row, ...emptyFigures() }));
const taxes: number[] = [];
for (let pair = 0; pair < pairs; pair += 1) {
  const base = await load(proxy, yardstick);
  for (const row of measured) {
    const own = await load(portico, row.url, row.headers);
    row.rates.push(own.perSecond);
    row.ratios.push(own.perSecond / base.perSecond);
    row.cpu.push(own.cpuUs);
    row.cpuRatios.push(base.cpuUs / own.cpuUs);
  }
  const [bare = Number.NaN, full = Number.NaN] = measured.map(({ cpu }) => cpu.at(-1));
  taxes.push(100 * (1 - bare / full));
}
for (const { name, rates, ratios, cpu, cpuRatios } of measured) {
  console.log(`gateway, ${name}: ${spread(ratios, 2)} of nginx proxy_pass; ${spread(rates)}/s`);
  console.log(
    `  by processor time: ${spread(cpuRatios, 2)} of nginx; ${spread(cpu, 1)} µs a request`,
  );
}
console.log(`tax of the four, by processor time: ${spread(taxes)} %`);
console.log(`${pairs} pairs of ${values.seconds} s, ${values.connections} connections`);
