// Deliveries to fast receivers: the most a process delivers, and the latency at a pace, also beside endpoints that hang.
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { freePort, runCli, startServer } from "../tests/chaos/server-process.ts";
import { median, printMachine, spread } from "./figures.ts";
import type { Came } from "./receiver.ts";

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "5" },
    seconds: { type: "string", default: "5" },
    webhooks: { type: "string", default: "100" },
    rate: { type: "string", default: "500" },
    postgres: { type: "string" },
  },
});
const seconds = Number(values.seconds);
const webhooks = Number(values.webhooks);
const rate = Number(values.rate);
const TICK_MS = 10;

interface Portico extends AsyncDisposable {
  readonly pid: number;
  post(path: string, body: unknown): Promise<void>;
}

async function startPortico(): Promise<Portico> {
  const folder = await mkdtemp(join(tmpdir(), "portico-bench-"));
  const config = { log: { level: "error" }, outbound: { allow: ["127.0.0.0/8"] } };
  await writeFile(join(folder, "portico.config.json"), JSON.stringify(config));
  const env = values.postgres === undefined ? {} : { DATABASE_URL: values.postgres };
  const made = await runCli(["keys", "create", "--root", "--json"], { folder, env });
  const { key } = JSON.parse(made.stdout) as { readonly key: string };
  const port = await freePort();
  const server = await startServer({ folder, port, env });
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  return {
    pid: server.pid,
    post: async (path, body) => {
      const url = `http://127.0.0.1:${port}/api/v1${path}`;
      const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
      const text = await answer.text();
      if (!answer.ok) throw new TypeError(`${path}: ${answer.status} ${text}`);
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function ask<TAnswer>(receiver: ChildProcess, word: "end" | "count"): Promise<TAnswer> {
  const answered = once(receiver, "message");
  receiver.send(word);
  const [answer] = (await answered) as [TAnswer];
  return answer;
}

/** CPU seconds that a process has used (Linux). */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const at = (): number => performance.timeOrigin + performance.now();

/** Every event goes to every webhook; how many a second come, and the CPU that each costs. */
async function flood(portico: Portico, receiver: ChildProcess, events: number): Promise<number[]> {
  receiver.send("begin");
  const cpuBefore = await cpuSeconds(portico.pid);
  const batch = Array.from({ length: events }, () => ({ type: "flood.all", data: { at: at() } }));
  await portico.post("/events/batch", { events: batch });
  const expected = events * webhooks;
  while ((await ask<number>(receiver, "count")) < expected) await sleep(100);
  const came = await ask<Came>(receiver, "end");
  const cpu = (await cpuSeconds(portico.pid)) - cpuBefore;
  return [came.count / came.seconds, (cpu * 1_000) / came.count];
}

/** Events at a steady pace, each for one webhook in turn; the p99 from publishing to receiving, in ms. */
async function pace(portico: Portico, receiver: ChildProcess, hanging: number): Promise<number> {
  receiver.send("begin");
  const ticks = (seconds * 1_000) / TICK_MS;
  const startedAt = performance.now();
  const posts: Promise<void>[] = [];
  let sent = 0;
  for (let tick = 0; tick < ticks; tick += 1) {
    while (sent < ((tick + 1) * rate * TICK_MS) / 1_000) {
      const turn = sent % webhooks;
      const type = turn < hanging ? `hang.${turn}` : `turn.${turn}`;
      posts.push(portico.post("/events", { type, data: { at: at() } }));
      sent += 1;
    }
    await sleep(Math.max(0, startedAt + (tick + 1) * TICK_MS - performance.now()));
  }
  await Promise.all(posts);
  await sleep(1_000);
  const { count, latenciesMs } = await ask<Came>(receiver, "end");
  const healthy = sent - Math.ceil((sent * hanging) / webhooks);
  if (count < healthy) console.log(`only ${count} of ${healthy} deliveries came within a second`);
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * 0.99)] ?? Number.NaN;
}

printMachine();
const receiver = fork(join(import.meta.dirname, "receiver.ts"));
const [port] = (await once(receiver, "message")) as [number];
try {
  await using portico = await startPortico();
  const store = values.postgres === undefined ? "SQLite, synchronous=FULL" : "PostgreSQL";
  console.log(
    `${webhooks} webhooks, one process, on ${store}; signed, guarded, each attempt stored.`,
  );
  for (let index = 0; index < webhooks; index += 1) {
    const events = ["flood.all", `turn.${index}`];
    await portico.post("/webhooks", { url: `http://127.0.0.1:${port}/${index}`, events });
  }
  // One in a hundred never answers.
  const hanging = Math.ceil(webhooks / 100);
  for (let index = 0; index < hanging; index += 1) {
    const url = `http://127.0.0.1:${port}/hang`;
    await portico.post("/webhooks", { url, events: [`hang.${index}`] });
  }
  const pairs = Number(values.pairs);
  await flood(portico, receiver, 20);
  const floods: number[][] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    floods.push(await flood(portico, receiver, Math.ceil((2_000 * seconds) / webhooks)));
  }
  const perSecond = floods.map(([each]) => each ?? 0);
  console.log(`deliveries: ${spread(perSecond)}/s (must ≥ 2000)`);
  console.log(
    `CPU of the process: ${spread(
      floods.map(([, ms]) => ms ?? 0),
      2,
    )} ms a delivery`,
  );
  const healthy: number[] = [];
  const beside: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    healthy.push(await pace(portico, receiver, 0));
    beside.push(await pace(portico, receiver, hanging));
  }
  console.log(`publish → receive at ${rate}/s: p99 ${spread(healthy, 1)} ms (must < 50)`);
  const moved = beside.map((p99, pair) => p99 / (healthy[pair] ?? Number.NaN));
  console.log(
    `with ${hanging} of ${webhooks} hanging: p99 ${spread(beside, 1)} ms, ${spread(moved, 2)} times (must < 1.20)`,
  );
  if (median(perSecond) < 2_000) process.exitCode = 1;
} finally {
  receiver.kill();
}
