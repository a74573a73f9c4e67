// Durable acceptance of events and verification of keys against an empty Fastify POST of the same body, and acceptance against
// queues behind the same POST, in one run, in interleaved pairs.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { list, median, printMachine, record, spread } from "./figures.ts";
import { drive, post } from "./load.ts";
import type { Load, Measured } from "./load.ts";
import { rest, startTargets } from "./targets.ts";
import type { Target } from "./targets.ts";

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "5" },
    seconds: { type: "string", default: "5" },
    connections: { type: "string", default: "64" },
    stores: { type: "string", default: "sqlite,postgres" },
    peers: { type: "string", default: "bullmq-everysec,bullmq-always,pg-boss" },
    "no-install": { type: "boolean", default: false },
    postgres: { type: "string" },
  },
});
const seconds = Number(values.seconds);
const connections = Number(values.connections);
const event = { type: "invoice.paid", subject: "inv_1042", data: { total: 4200, currency: "EUR" } };

/** The empty POST has neither a key nor a name of its own kind. */
interface Yardstick extends AsyncDisposable, Pick<Target, "port" | "headers" | "key"> {}

async function startYardstick(): Promise<Yardstick> {
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

function to(target: Pick<Target, "port" | "headers">, path: string, body: unknown): Load {
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

function ratios(ours: readonly Measured[], theirs: readonly Measured[]): readonly number[] {
  return ours.map((run, pair) => run.perSecond / (theirs[pair]?.perSecond ?? Number.NaN));
}

/** One row: single events beside the empty POST in every pair, at last batches; keys too where it has them. */
interface Row {
  readonly target: Target;
  readonly single: Measured[];
  readonly batch: Measured[];
  readonly verify: Measured[];
}

printMachine();
await using running = new AsyncDisposableStack();
const yardstick = running.use(await startYardstick());
const targets = await startTargets(running, {
  stores: list(values.stores),
  peers: list(values.peers),
  mayInstall: !values["no-install"],
  postgresUrl: values.postgres,
  acceptOnly: true,
});
console.log(`${connections} connections, closed loop, ${seconds} s a run.`);
console.log(
  "On: key, permission, validation, request id, metrics, request log, event log; SQLite with synchronous=FULL.",
);
console.log("A peer puts one job in its queue for an event, and nothing else; no worker runs.");

// A peer keeps nothing of an event that nobody wants; Portico keeps every one.
for (const target of targets) {
  const webhook = { url: "http://127.0.0.1:9", events: [event.type], secret: "whsec_" };
  if (target.kind === "peer") await target.post("/webhooks", webhook);
}

const rows: readonly Row[] = targets.map((target) => ({
  target,
  single: [],
  batch: [],
  verify: [],
}));
const empty = to(yardstick, "/api/v1/events", event);
const single = ({ target }: Row): Load => to(target, "/api/v1/events", event);
const hundred = { events: Array.from({ length: 100 }, () => event) };
const batch = ({ target }: Row): Load => to(target, "/api/v1/events/batch", hundred);
const verify = ({ target }: Row): Load => to(target, "/api/v1/keys/verify", { key: target.key });
const emptyKey = to(yardstick, "/api/v1/events", { key: rows[0]?.target.key ?? "" });
const empties: Measured[] = [];
const emptyKeys: Measured[] = [];
const own = rows.filter(({ target }) => target.kind === "portico");

for (const load of [empty, emptyKey, ...rows.map(single), ...own.map(verify)]) await drive(load);
for (let pair = 0; pair < Number(values.pairs); pair += 1) {
  empties.push(await drive(empty));
  for (const row of rows) row.single.push(await drive(single(row)));
  emptyKeys.push(await drive(emptyKey));
  for (const row of own) row.verify.push(await drive(verify(row)));
}
// Last, each after a rest: what reads the log is behind by some hundred thousand events, and would be measured with the rest.
for (let pair = 0; pair <= Number(values.pairs); pair += 1) {
  for (const row of rows) {
    const measured = await drive(batch(row));
    // The first warms up.
    if (pair > 0) row.batch.push(measured);
    await rest(row.target);
  }
}
tell("empty Fastify POST", empties);
tell("empty Fastify POST of a key", emptyKeys);
for (const { target, single, batch, verify } of rows) {
  const isOwn = target.kind === "portico";
  tell(`${target.name}: one ${isOwn ? "durable event" : "event"}`, single);
  tell(`${target.name}: events in batches of 100`, batch, 100);
  if (isOwn) tell(`${target.name}: one key verified`, verify);
}
for (const { target, single, batch, verify } of own) {
  const events = ratios(single, empties);
  const keys = ratios(verify, emptyKeys);
  console.log(`${target.name}, one event against empty: ${spread(events, 2)} (must ≥ 0.50)`);
  console.log(`${target.name}, one key against empty: ${spread(keys, 2)} (must ≥ 0.50)`);
  for (const peer of rows.filter((row) => row.target.kind === "peer")) {
    const [one, many] = [ratios(single, peer.single), ratios(batch, peer.batch)];
    console.log(
      `${target.name} against ${peer.target.name}: one event ${spread(one, 2)}, batches ${spread(many, 2)} times`,
    );
  }
  if (target.name !== "Portico on SQLite") continue;
  record("one durable event of an empty POST", median(events));
  record("key verification of an empty POST", median(keys));
}
