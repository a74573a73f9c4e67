import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { post } from "./load.ts";
import { sendPaced } from "./paced.ts";
import type { Came, Said } from "./receiver.ts";
import type { Target } from "./targets.ts";

/** The signing secret of every webhook of every row. */
const SECRET = `whsec_${randomBytes(32).toString("base64")}`;
/** What has not come by then, after the last was sent, is told as late. */
const LATE_MS = 10_000;
/** Whatever a row has not done by then is left behind: the next row must not be measured beside it. */
const DRAIN_MS = 120_000;
const BATCH = 1_000;

/** Receivers in a process of their own, for all rows the same. */
export interface Receiver extends Disposable {
  readonly port: number;
  /** Counts deliveries of a new run from now on; answers the number that its events carry. */
  begin(): number;
  /** Waits until so many came or what is missing is too late; answers how many came. */
  arrived(expected: number, lateMs: number): Promise<number>;
  end(): Promise<Came>;
}

/** Forks the receivers. */
export async function startReceiver(): Promise<Receiver> {
  const child = fork(join(import.meta.dirname, "receiver.ts"), [SECRET]);
  const [port] = (await once(child, "message")) as [number];
  let run = 0;
  return {
    port,
    begin: () => {
      run += 1;
      child.send({ run } satisfies Said);
      return run;
    },
    arrived: async (expected, lateMs) => {
      const until = performance.now() + lateMs;
      for (;;) {
        const count = await ask<number>(child, "count");
        if (count >= expected || performance.now() > until) return count;
        await sleep(50);
      }
    },
    end: async () => {
      const came = await ask<Came>(child, "end");
      if (came.wrongSignatures > 0) throw new TypeError("Deliveries came with a wrong signature.");
      return came;
    },
    [Symbol.dispose]: () => void child.kill(),
  };
}

async function ask<TAnswer>(receiver: ChildProcess, said: Said): Promise<TAnswer> {
  const answered = once(receiver, "message");
  receiver.send(said);
  const [answer] = (await answered) as [TAnswer];
  return answer;
}

/** A row with its webhooks: each gets `flood.all`, and `turn.N` goes to the N-th alone. */
export interface Field {
  readonly target: Target;
  readonly receiver: Receiver;
  readonly webhooks: number;
  /** How many more there are that never answer, for `hang.N`. */
  readonly hanging: number;
}

/** Makes a row's webhooks; one in a hundred more never answers. */
export async function layOut(target: Target, receiver: Receiver, webhooks: number): Promise<Field> {
  const hanging = Math.ceil(webhooks / 100);
  const create = (path: string, events: readonly string[]): Promise<void> =>
    target.post("/webhooks", {
      url: `http://127.0.0.1:${receiver.port}${path}`,
      events,
      secret: SECRET,
    });
  for (let index = 0; index < webhooks; index += 1) {
    await create(`/${index}`, ["flood.all", `turn.${index}`]);
  }
  for (let index = 0; index < hanging; index += 1) await create("/hang", [`hang.${index}`]);
  return { target, receiver, webhooks, hanging };
}

/** What a flood measured. */
export interface Flood {
  /** Deliveries a second, from the call that publishes to the last arrival. */
  readonly perSecond: number;
  /** Processor time of a delivery, with the database server's. */
  readonly cpuMs: number;
}

/** One batch of events, each to every webhook. */
export async function flood({ target, receiver, webhooks }: Field, events: number): Promise<Flood> {
  const run = receiver.begin();
  const cpuBefore = await target.cpuMs();
  const at = performance.timeOrigin + performance.now();
  const batch = Array.from({ length: events }, () => ({ type: "flood.all", data: { run, at } }));
  await target.post("/events/batch", { events: batch });
  await receiver.arrived(events * webhooks, DRAIN_MS);
  const { count, lastAt } = await receiver.end();
  if (count < events * webhooks) throw new TypeError(`${target.name}: only ${count} came`);
  const cpuMs = ((await target.cpuMs()) - cpuBefore) / count;
  return { perSecond: count / ((lastAt - at) / 1_000), cpuMs };
}

/** What a paced run measured: from the moment an event should have left to its arrival. */
export interface Latency {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Deliveries that had not come ten seconds after the last was sent: the row does not keep this pace. */
  readonly late: number;
  /** Deliveries that never came. */
  readonly missing: number;
}

/** Events at a steady pace, each for one webhook in turn; those of `beside` turns are for one that never answers. */
export async function pace(
  { target, receiver, webhooks }: Field,
  options: { readonly rate: number; readonly seconds: number; readonly beside?: number },
): Promise<Latency> {
  const { rate, seconds, beside = 0 } = options;
  const run = receiver.begin();
  let expected = 0;
  const { refused } = await sendPaced({
    port: target.port,
    rate,
    seconds,
    status: 202,
    request: (index, dueAt) => {
      const turn = index % webhooks;
      if (turn >= beside) expected += 1;
      const type = turn < beside ? `hang.${turn}` : `turn.${turn}`;
      return post("/api/v1/events", { type, data: { run, at: dueAt } }, target.headers);
    },
  });
  if (refused > 0) throw new TypeError(`${target.name}: ${refused} events were refused`);
  const inTime = await receiver.arrived(expected, LATE_MS);
  await receiver.arrived(expected, DRAIN_MS);
  const { count, latenciesMs } = await receiver.end();
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  const late = expected - inTime;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), late, missing: expected - count };
}

/**
 * Puts so many deliveries in line for one webhook that never answers, and waits until all of them stand there. Answers how
 * many a second were taken.
 */
export async function pileUp({ target, receiver }: Field, many: number): Promise<number> {
  const url = `http://127.0.0.1:${receiver.port}`;
  const make = (path: string, type: string): Promise<void> =>
    target.post("/webhooks", { url: `${url}${path}`, events: [type], secret: SECRET });
  await make("/hang", "stuck.all");
  await make("/marker", "stuck.marker");
  const run = receiver.begin();
  const startedAt = performance.now();
  for (let start = 0; start < many; start += BATCH) {
    const length = Math.min(BATCH, many - start);
    const events = Array.from({ length }, () => ({ type: "stuck.all", data: { run, at: 0 } }));
    await target.post("/events/batch", { events });
  }
  // Events become deliveries in the order of the log: when this one has come, those before it are rows.
  await target.post("/events", { type: "stuck.marker", data: { run, at: 0 } });
  await receiver.arrived(1, 600_000);
  await receiver.end();
  return many / ((performance.now() - startedAt) / 1_000);
}
