// Durable acceptance of events and verification of keys against an empty Fastify POST of the same body, in one run, in
// interleaved pairs.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freePort, runCli, startServer } from "../tests/chaos/server-process.ts";
import { median, printMachine, record, spread } from "./figures.ts";
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
  /** A key to verify; none at the yardstick. */
  readonly key: string;
}

async function startYardstick(): Promise<Target> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "empty-fastify.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return {
    port: Number(line.toString()),
    headers: {},
    key: "",
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
    key,
    async [Symbol.asyncDispose]() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function to(target: Target, path: string, body: unknown): Load {
  const request = post(path, body, target.headers);
  const status = path.endsWith("/verify") ? 200 : 202;
  return { port: target.port, request, connections, seconds, status };
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

const emptyKey = to(yardstick, "/api/v1/events", { key: portico.key });
const verify = to(portico, "/api/v1/keys/verify", { key: portico.key });
const loads = { empty, single, batch, emptyKey, verify };
for (const load of [empty, single, emptyKey, verify]) await drive(load);
const runs = { empty: [], single: [], batch: [], emptyKey: [], verify: [] } as Record<
  keyof typeof loads,
  Measured[]
>;
for (let pair = 0; pair < Number(values.pairs); pair += 1) {
  runs.empty.push(await drive(empty));
  runs.single.push(await drive(single));
  runs.emptyKey.push(await drive(emptyKey));
  runs.verify.push(await drive(verify));
}
// Last: what reads the log is behind by some hundred thousand events after each, and would be measured with the rest.
await drive(batch);
for (let pair = 0; pair < Number(values.pairs); pair += 1) runs.batch.push(await drive(batch));
tell("empty Fastify POST", runs.empty);
tell("one durable event", runs.single);
tell("durable events in batches of 100", runs.batch, 100);
tell("empty Fastify POST of a key", runs.emptyKey);
tell("one key verified", runs.verify);
const against = (ours: readonly Measured[], empties: readonly Measured[]): string =>
  spread(
    ours.map((run, pair) => run.perSecond / (empties[pair]?.perSecond ?? 0)),
    2,
  );
console.log(`one event against empty: ${against(runs.single, runs.empty)} (must ≥ 0.50)`);
console.log(`one key against empty: ${against(runs.verify, runs.emptyKey)} (must ≥ 0.50)`);
const middle = (ours: readonly Measured[], empties: readonly Measured[]): number =>
  median(ours.map((run, pair) => run.perSecond / (empties[pair]?.perSecond ?? 0)));
record("one durable event of an empty POST", middle(runs.single, runs.empty));
record("key verification of an empty POST", middle(runs.verify, runs.emptyKey));
const events = median(runs.batch.map(({ perSecond }) => perSecond * 100));
console.log(`events in batches: ${Math.round(events)}/s (must ≥ 20000)`);
