import { randomInt } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { setUpFeatures, startFeatures, type Features } from "./features.ts";
import { createInstallation, must, type Installation } from "./installation.ts";
import { openReceiver, type Receiver } from "./receiver.ts";
import { emptyReport, type KillLoopReport } from "./report.ts";
import { deliveredType, startSender, type Sender } from "./sender.ts";
import type { ServerProcess } from "./server-process.ts";
import { countUndelivered, readFacts } from "./stored.ts";

/** How hard to try to lose something. The loop goes on until every one of the least numbers is reached. */
export interface KillLoopOptions {
  readonly kills: number;
  readonly accepted: number;
  /** Of the kills, before COMMIT and between COMMIT and its answer; each. */
  readonly killsInCommit: number;
  /** A PostgreSQL database of its own; SQLite in a fresh folder when left out. */
  readonly postgresUrl?: string;
  /** Program of a packed installation; the source tree's when left out. */
  readonly cli?: string;
  readonly batch: number;
  readonly lanes: number;
  readonly deliveredEvery: number;
  readonly webhooks: number;
  /** How long a server lives after it is ready, ms. */
  readonly roundMs: { readonly min: number; readonly max: number };
  readonly onRound?: (report: KillLoopReport) => void;
}

/** The webhook pillar's limit of deliveries under way for one webhook. */
const DELIVERIES_A_WEBHOOK = 4;
const RECEIVER_MS = 20;
const HOLD_MS = 1_000;
const SETTLE_MS = 60_000;
const QUIET_MS = 500;
const PAUSED_MS = 500;
const PAUSES = [undefined, "before:25", "after:25"] as const;

interface Loop {
  readonly place: Installation;
  readonly options: KillLoopOptions;
  readonly receiver: Receiver;
  readonly sender: Sender;
  readonly features: Features;
  readonly report: KillLoopReport;
}

/** Kills the server again and again under load, then asks whether everything it promised is there. */
export async function killLoop(options: KillLoopOptions): Promise<KillLoopReport> {
  const startedAt = performance.now();
  await using place = await createInstallation(options);
  await using receiver = await openReceiver(RECEIVER_MS);
  const report = emptyReport(options.postgresUrl === undefined ? "sqlite" : "postgres");
  const parts = await subscribeAll(place, { ...options, receiver });
  await using sender = startSender({
    ...options,
    ...place,
    delivered: () => receiver.counts.size,
  });
  await using features = startFeatures(parts);
  const loop: Loop = { place, options, receiver, sender, features, report };
  await killAgainAndAgain(loop);
  await killWithDeliveriesHeld(loop);
  await settle(loop);
  await compare(loop);
  report.seconds = Math.round((performance.now() - startedAt) / 1_000);
  return report;
}

/** One webhook for each type that the sender wants delivered, and what the other features need. */
export async function subscribeAll(
  place: Installation,
  { webhooks, receiver }: { readonly webhooks: number; readonly receiver: Receiver },
): Promise<Awaited<ReturnType<typeof setUpFeatures>>> {
  const server = await place.start();
  try {
    for (let each = 0; each < webhooks; each += 1) {
      const webhook = { url: receiver.url, events: [deliveredType(each)] };
      await must(place, 201, ["POST", "/webhooks", webhook]);
    }
    return await setUpFeatures(place);
  } finally {
    await server.stop();
  }
}

async function killAgainAndAgain(loop: Loop): Promise<void> {
  const { options, report } = loop;
  const { min, max } = options.roundMs;
  while (!isEnough(report, options)) {
    const pause = PAUSES[report.kills % PAUSES.length];
    const mark = join(loop.place.folder, "pause-mark");
    const env = pause === undefined ? {} : { PORTICO_TEST_PAUSE: `${pause},mark:${mark}` };
    const server = await loop.place.start(env);
    await sleep(randomInt(min, max));
    if (pause !== undefined) await untilPaused(mark);
    await kill(loop, server);
    if (pause !== undefined) await countPaused(report, mark);
    options.onRound?.(report);
  }
}

function isEnough(report: KillLoopReport, options: KillLoopOptions): boolean {
  return (
    report.kills >= options.kills &&
    report.accepted >= options.accepted &&
    report.killsBeforeCommit >= options.killsInCommit &&
    report.killsAfterCommit >= options.killsInCommit
  );
}

async function kill({ report, sender }: Loop, server: ServerProcess): Promise<void> {
  report.slowestStartMs = Math.max(report.slowestStartMs, Math.round(server.readyMs));
  await server.kill();
  report.kills += 1;
  report.accepted = sender.promisedDelivery.size + sender.promisedStorage.size;
}

/** Waits for a commit that stands still, so that the kill finds it there; the mark tells afterwards whether it did. */
async function untilPaused(mark: string): Promise<void> {
  const startedAt = performance.now();
  while (performance.now() - startedAt < PAUSED_MS) {
    const [before = 0, after = 0] = await readFile(mark);
    if (before + after > 0) return;
    await sleep(1);
  }
}

/** The mark says how many commits stood still, and where, at the instant of the kill. */
async function countPaused(report: KillLoopReport, mark: string): Promise<void> {
  const [before = 0, after = 0] = await readFile(mark);
  if (before > 0) report.killsBeforeCommit += 1;
  if (after > 0) report.killsAfterCommit += 1;
}

/** One more kill, at which every webhook has deliveries under way that their receiver has not answered. */
async function killWithDeliveriesHeld(loop: Loop): Promise<void> {
  const server = await loop.place.start();
  loop.receiver.hold();
  await sleep(HOLD_MS);
  await kill(loop, server);
  await Promise.all([loop.sender.stop(), loop.features.stop()]);
}

async function settle(loop: Loop): Promise<void> {
  const { sender, receiver, features, report } = loop;
  const held = receiver.release();
  report.heldAtLastKill = held.length;
  // What earlier kills had hit as well waits longer on purpose, in case it is what ends the process.
  const fresh = held.filter((id) => receiver.counts.get(id) === 1);
  const server = await loop.place.start();
  const readyAt = performance.now();
  const sinceReady = (): number => Math.round(performance.now() - readyAt);
  const isBack = (id: string): boolean => (receiver.counts.get(id) ?? 0) > 1;
  const missing = (): number =>
    [...sender.promisedDelivery].filter((id) => !receiver.counts.has(id)).length;
  try {
    await until(() => fresh.every(isBack));
    report.recoveryMs = sinceReady();
    await until(() => missing() === 0 && features.outstanding() === 0);
    report.lastDeliveryMs = sinceReady();
    await quiet(receiver);
    await untilRecorded(loop);
  } finally {
    await server.stop();
  }
  report.undelivered = missing();
}

async function until(isTrue: () => boolean): Promise<void> {
  const startedAt = performance.now();
  while (!isTrue() && performance.now() - startedAt < SETTLE_MS) await sleep(20);
}

/** What was stored but never answered is delivered too: waits until nothing more comes. */
async function quiet({ counts }: Receiver): Promise<void> {
  let before = -1;
  while (before !== counts.size) {
    before = counts.size;
    await sleep(QUIET_MS);
  }
}

/** A delivery that several kills have hit comes again after a wait, though its receiver has had it long ago. */
async function untilRecorded(loop: Loop): Promise<void> {
  await using reader = await loop.place.read();
  const startedAt = performance.now();
  const isSettled = async (): Promise<boolean> =>
    (await countUndelivered(reader)) === 0 && (await loop.features.isSettled(reader));
  while (!(await isSettled()) && performance.now() - startedAt < SETTLE_MS) await sleep(100);
}

async function compare(loop: Loop): Promise<void> {
  const { options, sender, receiver, features, report } = loop;
  await using reader = await loop.place.read();
  const promised = [...sender.promisedDelivery, ...sender.promisedStorage];
  Object.assign(report, await readFacts(reader, promised));
  report.features = await features.judge(reader);
  const received = [...receiver.counts.values()];
  report.accepted = promised.length;
  report.delivered = received.length;
  report.duplicates = received.reduce((sum, count) => sum + count - 1, 0);
  report.duplicatesAllowed = report.kills * options.webhooks * DELIVERIES_A_WEBHOOK;
  report.surprises = sender.surprises;
}
