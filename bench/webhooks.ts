// Deliveries to fast receivers: the most a process delivers; publish → receive at a pace, also beside endpoints that hang and
// beside a backlog; memory. Portico on both databases and, in the same run, what a team writes on BullMQ and on pg-boss.
import { parseArgs } from "node:util";
import { flood, layOut, pace, pileUp, startReceiver } from "./deliveries.ts";
import type { Field, Flood, Latency } from "./deliveries.ts";
import { list, median, miss, printMachine, record, spread } from "./figures.ts";
import { watchMemory } from "./memory.ts";
import { startTargets } from "./targets.ts";

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "5" },
    seconds: { type: "string", default: "5" },
    webhooks: { type: "string", default: "100" },
    rates: { type: "string", default: "100,500,2000" },
    rate: { type: "string", default: "500" },
    backlog: { type: "string", default: "100000" },
    only: { type: "string", default: "flood,pace,hang,backlog" },
    stores: { type: "string", default: "sqlite,postgres" },
    minutes: { type: "string" },
    peers: { type: "string", default: "bullmq-everysec,bullmq-always,pg-boss" },
    "no-install": { type: "boolean", default: false },
    postgres: { type: "string" },
  },
});
const pairs = Number(values.pairs);
const seconds = Number(values.seconds);
const webhooks = Number(values.webhooks);
const rate = Number(values.rate);
const parts = values.minutes === undefined ? list(values.only) : ["memory"];

/** Every row once, so many times: what else the machine does weighs on all of them alike. */
async function rounds<TMeasured>(
  fields: readonly Field[],
  measure: (field: Field) => Promise<TMeasured>,
): Promise<ReadonlyMap<Field, readonly TMeasured[]>> {
  const measured = new Map<Field, TMeasured[]>(fields.map((field) => [field, []]));
  for (let pair = 0; pair < pairs; pair += 1) {
    for (const [field, all] of measured) all.push(await measure(field));
  }
  return measured;
}

/** How many times a peer's figure ours is, pair by pair. */
function against(ours: readonly number[], theirs: readonly number[]): readonly number[] {
  return ours.map((own, pair) => own / (theirs[pair] ?? Number.NaN));
}

async function showFlood(fields: readonly Field[]): Promise<void> {
  const events = Math.max(1, Math.ceil((2_000 * seconds) / webhooks));
  for (const field of fields) await flood(field, Math.ceil(events / 5));
  const measured = await rounds(fields, (field) => flood(field, events));
  const rateOf = (floods: readonly Flood[]): number[] => floods.map((each) => each.perSecond);
  console.log(`\ndeliveries, ${events} events to ${webhooks} webhooks each in one batch:`);
  for (const [{ target }, floods] of measured) {
    const cpu = spread(
      floods.map((each) => each.cpuMs),
      2,
    );
    const must = target.kind === "portico" ? " (must ≥ 2,000)" : "";
    console.log(`${target.name}: ${spread(rateOf(floods))}/s${must}; CPU ${cpu} ms a delivery`);
    if (must !== "" && median(rateOf(floods)) < 2_000) miss();
  }
  for (const [own, ours] of measured) {
    for (const [peer, theirs] of measured) {
      if (own.target.kind !== "portico" || peer.target.kind !== "peer") continue;
      const times = against(rateOf(ours), rateOf(theirs));
      console.log(`${own.target.name} against ${peer.target.name}: ${spread(times, 2)} times`);
      record(`deliveries, ${own.target.name} against ${peer.target.name}`, median(times));
    }
  }
}

function tellLatency(name: string, runs: readonly Latency[]): void {
  const of = (part: "p50" | "p95" | "p99"): string =>
    spread(
      runs.map((run) => run[part]),
      1,
    );
  const late = runs.reduce((sum, run) => sum + run.late, 0);
  const missing = runs.reduce((sum, run) => sum + run.missing, 0);
  const notes = [
    ...(late === 0 ? [] : [`${late} came later than ten seconds after the last was sent`]),
    ...(missing === 0 ? [] : [`${missing} never came`]),
  ];
  const note = notes.length === 0 ? "" : `; ${notes.join(", ")}`;
  console.log(`${name}: p50 ${of("p50")}, p95 ${of("p95")}, p99 ${of("p99")} ms${note}`);
}

async function showPaces(fields: readonly Field[]): Promise<void> {
  for (const each of list(values.rates).map(Number)) {
    const measured = await rounds(fields, (field) => pace(field, { rate: each, seconds }));
    const must = each === 500 ? " (Portico's p99 must be < 50 ms)" : "";
    console.log(`\npublish → receive at ${each}/s${must}:`);
    for (const [{ target }, runs] of measured) tellLatency(target.name, runs);
  }
}

async function showHanging(fields: readonly Field[]): Promise<void> {
  for (const field of fields) {
    const { hanging: beside } = field;
    const [alone, hung]: [Latency[], Latency[]] = [[], []];
    for (let pair = 0; pair < pairs; pair += 1) {
      alone.push(await pace(field, { rate, seconds }));
      hung.push(await pace(field, { rate, seconds, beside }));
    }
    const p99 = (runs: readonly Latency[]): number[] => runs.map((run) => run.p99);
    console.log(`\n${field.target.name}, ${beside} of ${webhooks} hanging, ${rate}/s:`);
    tellLatency("without", alone);
    tellLatency("healthy ones beside them", hung);
    console.log(`p99: ${spread(against(p99(hung), p99(alone)), 2)} times (must < 1.20)`);
  }
}

async function showBacklog(fields: readonly Field[]): Promise<void> {
  for (const field of fields) {
    const [before, behind]: [Latency[], Latency[]] = [[], []];
    for (let pair = 0; pair < pairs; pair += 1) before.push(await pace(field, { rate, seconds }));
    const perSecond = await pileUp(field, Number(values.backlog));
    for (let pair = 0; pair < pairs; pair += 1) behind.push(await pace(field, { rate, seconds }));
    const times = median(behind.map(({ p99 }) => p99)) / median(before.map(({ p99 }) => p99));
    console.log(
      `\n${field.target.name}, ${values.backlog} deliveries behind one hanging endpoint ` +
        `(laid out at ${perSecond.toFixed(0)}/s), the others at ${rate}/s:`,
    );
    tellLatency("before", before);
    tellLatency("beside it", behind);
    console.log(`p99: ${times.toFixed(2)} times`);
  }
}

printMachine();
await using running = new AsyncDisposableStack();
const targets = await startTargets(running, {
  stores: list(values.stores),
  peers: values.minutes === undefined ? list(values.peers) : [],
  mayInstall: !values["no-install"],
  postgresUrl: values.postgres,
});
const receiver = running.use(await startReceiver());
const fields: Field[] = [];
for (const target of targets) fields.push(await layOut(target, receiver, webhooks));
if (!parts.includes("memory")) console.log(`${pairs} rounds of ${seconds} s a row.`);
console.log(`${webhooks} webhooks, one process a row.`);
console.log(
  "All: accepted over HTTP, one job a delivery, signed (Standard Webhooks), 200 under way.",
);
console.log(
  "Portico besides: key, permission, validation, event log, each attempt stored, guarded outbound calls, fsync before 202.",
);
const own = fields.filter(({ target }) => target.kind === "portico");
if (parts.includes("flood")) await showFlood(fields);
if (parts.includes("pace")) await showPaces(fields);
if (parts.includes("hang")) await showHanging(own);
if (parts.includes("backlog")) await showBacklog(own);
if (parts.includes("memory")) {
  for (const field of own) await watchMemory(field, { rate, minutes: Number(values.minutes) });
}
