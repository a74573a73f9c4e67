// Durable acceptance of events against an empty Fastify POST of the same body, in one run, in interleaved pairs.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freePort, runCli, startServer } from "../tests/chaos/server-process.ts";
import { median, printMachine, spread } from "./figures.ts";
import { drive, post } from "./load.ts";
import type { Load, Measured } from "./load.ts";

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "5" },
    seconds: { type: "string", default: "5" },
    connections: { type: "string", default: "64" },
    postgres: { type: "string" },
  },
});
const seconds = Number(values.seconds);
const connections = Number(values.connections);
const event = { type: "invoice.paid", subject: "inv_1042", data: { total: 4200, currency: "EUR" } };

interface Target extends AsyncDisposable {
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
}

async function startYardstick(): Promise<Target> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "empty-fastify.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return {
    port: Number(line.toString()),
    headers: {},
    async [Symbol.asyncDispose]() {
      child.kill();
      await once(child, "close");
    },
  };
}

async function startPortico(): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), "portico-bench-"));
  await writeFile(join(folder, "portico.config.json"), `{ "log": { "level": "warn" } }`);
  const env = values.postgres === undefined ? {} : { DATABASE_URL: values.postgres };
  const made = await runCli(["keys", "create", "--root", "--json"], { folder, env });
  const { key } = JSON.parse(made.stdout) as { readonly key: string };
  const port = await freePort();
  const server = await startServer({ folder, port, env });
  return {
    port,
    headers: { authorization: `Bearer ${key}` },
    async [Symbol.asyncDispose]() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function to(target: Target, path: string, body: unknown): Load {
  const request = post(path, body, target.headers);
  return { port: target.port, request, connections, seconds, status: 202 };
}

function tell(name: string, runs: readonly Measured[], unit = 1): void {
  const rate = spread(runs.map(({ perSecond }) => perSecond * unit));
  const p99 = spread(
    runs.map((run) => run.p99),
    1,
  );
  const others = runs.reduce((sum, run) => sum + run.others, 0);
  console.log(`${name}: ${rate}/s, p99 ${p99} ms, ${others} not accepted`);
}

printMachine();
await using yardstick = await startYardstick();
await using portico = await startPortico();
const store = values.postgres === undefined ? "SQLite, synchronous=FULL" : "PostgreSQL";
console.log(`${connections} connections, closed loop, ${seconds} s a run, on ${store}.`);
console.log("On: key, permission, validation, request id, metrics, request log, event log.");

const empty = to(yardstick, "/api/v1/events", event);
const single = to(portico, "/api/v1/events", event);
const hundred = { events: Array.from({ length: 100 }, () => event) };
const batch = to(portico, "/api/v1/events/batch", hundred);

for (const load of [empty, single, batch]) await drive(load);
const runs = { empty: [] as Measured[], single: [] as Measured[], batch: [] as Measured[] };
for (let pair = 0; pair < Number(values.pairs); pair += 1) {
  runs.empty.push(await drive(empty));
  runs.single.push(await drive(single));
  runs.batch.push(await drive(batch));
}
tell("empty Fastify POST", runs.empty);
tell("one durable event", runs.single);
tell("durable events in batches of 100", runs.batch, 100);
const ratios = runs.single.map((run, pair) => run.perSecond / (runs.empty[pair]?.perSecond ?? 0));
console.log(`one event against empty: ${spread(ratios, 2)} (must ≥ 0.50)`);
const events = median(runs.batch.map(({ perSecond }) => perSecond * 100));
console.log(`events in batches: ${Math.round(events)}/s (must ≥ 20000)`);
