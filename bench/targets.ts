import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, runCli, startServer } from "../tests/chaos/server-process.ts";
import { installPeers, PEERS_FOLDER } from "./install-peers.ts";
import { openBenchPostgres } from "./postgres.ts";
import type { BenchPostgres } from "./postgres.ts";
import { cpuMs } from "./proxies.ts";
import { startRedis } from "./redis.ts";
import type { Fsync } from "./redis.ts";

/** What takes events over HTTP and delivers them: Portico on one of its databases, or a peer behind the same three calls. */
export interface Target {
  readonly name: string;
  readonly kind: "portico" | "peer";
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The server's own process. */
  readonly pid: number;
  /** Root key; empty at a peer. */
  readonly key: string;
  /** Processor time used so far, of the process and of the database server beside it. */
  cpuMs(): Promise<number>;
  /** Calls and fails unless it is answered with 2xx. */
  post(path: string, body: unknown): Promise<void>;
}

/** Which rows a benchmark has. */
export interface TargetOptions {
  /** `sqlite`, `postgres`. */
  readonly stores: readonly string[];
  /** `bullmq-everysec`, `bullmq-always`, `pg-boss`. */
  readonly peers: readonly string[];
  /** Whether what is missing of the peers may be fetched from the registry. */
  readonly mayInstall: boolean;
  /** A server to use instead of a private one; it must allow databases to be created. */
  readonly postgresUrl: string | undefined;
  /** Peers without their worker: acceptance alone. */
  readonly acceptOnly?: boolean;
}

/** Starts every row; what cannot be started is told and left out. All end with the stack. */
export async function startTargets(
  stack: AsyncDisposableStack,
  options: TargetOptions,
): Promise<readonly Target[]> {
  const { stores } = options;
  const peers = await available(options);
  const needsPostgres = stores.includes("postgres") || peers.includes("pg-boss");
  const postgres = needsPostgres
    ? stack.use(await openBenchPostgres(options.postgresUrl))
    : undefined;
  const targets: Target[] = [];
  if (stores.includes("sqlite")) targets.push(await startPortico(stack, undefined));
  if (postgres !== undefined && stores.includes("postgres")) {
    targets.push(await startPortico(stack, postgres));
  }
  for (const fsync of ["everysec", "always"] as const) {
    if (!peers.includes(`bullmq-${fsync}`)) continue;
    const peer = await startBullmq(stack, fsync, options);
    if (peer !== undefined) targets.push(peer);
  }
  if (postgres !== undefined && peers.includes("pg-boss")) {
    targets.push(await startPgBoss(stack, postgres, options));
  }
  return targets;
}

const REST_MS = 500;
const REST_SHARE = 0.1;
const REST_MAX_MS = 60_000;

/** Waits until a row has done what it put off, so that the next is not measured beside it; a minute at most. */
export async function rest(target: Target): Promise<void> {
  const until = performance.now() + REST_MAX_MS;
  for (let before = await target.cpuMs(); performance.now() < until;) {
    await sleep(REST_MS);
    const after = await target.cpuMs();
    if (after - before < REST_SHARE * REST_MS) return;
    before = after;
  }
}

async function available({ peers, mayInstall }: TargetOptions): Promise<readonly string[]> {
  if (peers.length === 0) return peers;
  const why = await installPeers(mayInstall);
  if (why === undefined) return peers;
  console.log(`Peers are left out: ${why}`);
  return [];
}

async function startPortico(
  stack: AsyncDisposableStack,
  postgres: BenchPostgres | undefined,
): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), "portico-bench-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const config = { log: { level: "warn" }, outbound: { allow: ["127.0.0.0/8"] } };
  await writeFile(join(folder, "portico.config.json"), JSON.stringify(config));
  const env: Record<string, string> =
    postgres === undefined ? {} : { DATABASE_URL: await postgres.createDatabase() };
  const made = await runCli(["keys", "create", "--root", "--json"], { folder, env });
  const { key } = JSON.parse(made.stdout) as { readonly key: string };
  const port = await freePort();
  const server = await startServer({ folder, port, env });
  stack.defer(async () => void (await server.stop()));
  return target({
    name: postgres === undefined ? "Portico on SQLite" : "Portico on PostgreSQL",
    kind: "portico",
    port,
    pid: server.pid,
    key,
    others: [postgres?.pid],
  });
}

async function startBullmq(
  stack: AsyncDisposableStack,
  fsync: Fsync,
  options: TargetOptions,
): Promise<Target | undefined> {
  const redis = await startRedis(fsync);
  if (redis === undefined) {
    console.log(`BullMQ, appendfsync ${fsync}, is left out: there is no redis-server in PATH.`);
    return undefined;
  }
  stack.use(redis);
  const { port, pid } = await startPeer(stack, ["bullmq.mjs", String(redis.port)], options);
  const name = `BullMQ, appendfsync ${fsync}`;
  return target({ name, kind: "peer", port, pid, key: "", others: [redis.pid] });
}

async function startPgBoss(
  stack: AsyncDisposableStack,
  postgres: BenchPostgres,
  options: TargetOptions,
): Promise<Target> {
  const url = await postgres.createDatabase();
  const { port, pid } = await startPeer(stack, ["pg-boss.mjs", url], options);
  return target({ name: "pg-boss", kind: "peer", port, pid, key: "", others: [postgres.pid] });
}

async function startPeer(
  stack: AsyncDisposableStack,
  [file, ...args]: readonly [string, ...string[]],
  { acceptOnly = false }: TargetOptions,
): Promise<{ readonly port: number; readonly pid: number }> {
  const mode = acceptOnly ? ["accept"] : [];
  const child = spawn(process.execPath, [join(PEERS_FOLDER, file), ...args, ...mode], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  stack.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "close");
  });
  const printed = once(child.stdout, "data") as Promise<[Buffer]>;
  const ended = once(child, "exit").then(() => Promise.reject(new TypeError(`${file} ended`)));
  const [line] = await Promise.race([printed, ended]);
  // Later its end is ours.
  ended.catch(() => undefined);
  const { port } = JSON.parse(line.toString()) as { readonly port: number };
  return { port, pid: child.pid ?? 0 };
}

interface Parts extends Pick<Target, "name" | "kind" | "port" | "pid" | "key"> {
  readonly others: readonly (number | undefined)[];
}

function target({ others, ...parts }: Parts): Target {
  const { port, pid, key } = parts;
  const authorization = key === "" ? {} : { authorization: `Bearer ${key}` };
  return {
    ...parts,
    headers: authorization,
    cpuMs: async () => {
      let sum = 0;
      for (const each of [pid, ...others]) if (each !== undefined) sum += await cpuMs(each);
      return sum;
    },
    post: async (path, body) => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
        method: "POST",
        headers: { ...authorization, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const text = await answer.text();
      if (!answer.ok) throw new TypeError(`${path}: ${answer.status} ${text}`);
    },
  };
}
