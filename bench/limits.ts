// Over- and under-admission of limits, measured: `node bench/limits.ts`. Processes share one store and are killed on the way.
import { anonymous, fillRandom, systemClock } from "portico/kernel";
import type { LimitRequest, LimitSpec } from "portico/kernel";
import { createTestApp } from "portico/testing";
import { createLimiter } from "../packages/server/src/pillars/limits/limiter.ts";
import type { CountingLimiter } from "../packages/server/src/pillars/limits/limiter.ts";
import { limits } from "../packages/server/src/pillars/limits/index.ts";
import { databaseStore } from "../packages/server/src/pillars/limits/store/index.ts";
import { printMachine } from "./figures.ts";

interface Trial {
  readonly name: string;
  readonly spec: LimitSpec;
  readonly processes: number;
  readonly crashes: number;
}

const LIMIT = 1_000;
const day = { limit: LIMIT, window: "day", algorithm: "fixed" } as const;
const hour = { limit: LIMIT, window: "hour" } as const;
const trials: readonly Trial[] = [
  { name: "bucket of a minute, in memory", spec: { limit: LIMIT }, processes: 1, crashes: 0 },
  { name: "fixed day, one process", spec: day, processes: 1, crashes: 0 },
  { name: "fixed day, five processes", spec: day, processes: 5, crashes: 0 },
  { name: "fixed day, five processes, ten crashes", spec: day, processes: 5, crashes: 10 },
  { name: "bucket of an hour, one process", spec: hour, processes: 1, crashes: 0 },
  { name: "bucket of an hour, five processes", spec: hour, processes: 5, crashes: 0 },
];

printMachine();
const app = await createTestApp({ plugins: [limits()], runTwice: false });
const store = databaseStore(app.context("limits"));
const start = (): CountingLimiter =>
  createLimiter({ clock: systemClock, bucketsMax: 100_000, store });
for (const [index, trial] of trials.entries()) console.log(await measure(trial, index));
await app.stop();

async function measure({ name, spec, processes, crashes }: Trial, index: number): Promise<string> {
  const running = Array.from({ length: processes }, start);
  const request: LimitRequest = {
    caller: { ...anonymous, kind: "key", subject: `key ${index}` },
    address: "",
    place: { id: `trial ${index}`, api: "bench", limits: [spec] },
  };
  const tried = 3 * LIMIT;
  const startedAt = systemClock.monotonic();
  let admitted = 0;
  for (let call = 0; call < tried; call += 1) {
    const which = pick(processes);
    if (crashes > 0 && call % Math.ceil(LIMIT / crashes) === 0 && call < LIMIT)
      running[which] = start();
    const decision = await running[which]?.take(request);
    if (decision?.allowed === true) admitted += 1;
  }
  const tookMs = systemClock.monotonic() - startedAt;
  const windowMs = typeof spec === "object" && spec.window === "hour" ? 3_600_000 : 60_000;
  // What a bucket refills while it is being used up is due to its callers.
  const due = spec === day ? LIMIT : LIMIT + Math.floor((tookMs * LIMIT) / windowMs);
  const over = Math.max(0, admitted - due);
  const under = Math.max(0, due - admitted);
  const share = (count: number): string => `${((100 * count) / due).toFixed(2)} %`;
  return `${name.padEnd(42)} due ${due}  admitted ${admitted}  over ${share(over)}  under ${share(under)}`;
}

function pick(count: number): number {
  const byte = new Uint8Array(1);
  fillRandom(byte);
  return (byte[0] ?? 0) % count;
}
