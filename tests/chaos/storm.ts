import { setTimeout as sleep } from "node:timers/promises";
import { createInstallation, type Installation, type InstallationOptions } from "./installation.ts";
import { subscribeAll } from "./kill-loop.ts";
import { openReceiver, type Receiver } from "./receiver.ts";
import { startSender, type Sender, type SenderOptions } from "./sender.ts";
import type { ServerProcess } from "./server-process.ts";
import { countUndelivered, readFacts } from "./stored.ts";

/** A trouble that a server is put through while events are sent to it. */
export interface StormOptions extends InstallationOptions {
  /** Events that must be accepted before the trouble begins, and again after it: a storm in which nothing was tried proves nothing. */
  readonly acceptedEach: number;
  readonly webhooks: number;
  /** Answers that are honest refusals in this trouble. */
  readonly refusals?: SenderOptions["refusals"];
  /** From the end of the trouble until everything accepted has been delivered. */
  readonly recoveryMs: number;
  /** Events may be set aside: the trouble is a consumer that takes none. */
  readonly mayPark?: boolean;
}

/** What a trouble may lay hands on. */
export interface Storm {
  readonly place: Installation;
  readonly receiver: Receiver;
  readonly sender: Sender;
  server: ServerProcess;
  /** Waits until the sender was promised so many more events. */
  readonly accepted: (more: number) => Promise<void>;
}

/** What a storm left behind. */
export interface StormReport {
  readonly accepted: number;
  readonly refused: number;
  readonly lost: number;
  readonly gaps: number;
  readonly undelivered: number;
  /** Events of a subscribed type without exactly one delivery that is through. */
  readonly deliveriesWrong: number;
  readonly parked: number;
  readonly duplicates: number;
  readonly lastDeliveryMs: number;
  readonly surprises: readonly string[];
}

const WAIT_MS = 60_000;
const RECEIVER_MS = 5;

/** Sends events, lets the trouble happen, and asks whether everything that was accepted is there and was delivered. */
export async function storm(
  options: StormOptions,
  trouble: (storm: Storm) => Promise<void>,
): Promise<StormReport> {
  await using place = await createInstallation(options);
  await using receiver = await openReceiver(RECEIVER_MS);
  const parts = await subscribeAll(place, { ...options, receiver });
  await using _features = parts.receiver;
  const server = await place.start();
  await using sender = startSender({
    ...place,
    lanes: 4,
    batch: 20,
    deliveredEvery: 2,
    webhooks: options.webhooks,
    delivered: () => receiver.taken.size,
    ...(options.refusals === undefined ? {} : { refusals: options.refusals }),
  });
  const accepted = (more: number): Promise<void> => untilAccepted(sender, more);
  const at: Storm = { place, receiver, sender, server, accepted };
  try {
    await accepted(options.acceptedEach);
    await trouble(at);
    const overAt = performance.now();
    await accepted(options.acceptedEach);
    await sender.stop();
    const missing = (): number =>
      [...sender.promisedDelivery].filter((id) => !receiver.taken.has(id)).length;
    await until(() => missing() === 0, Math.max(WAIT_MS, options.recoveryMs));
    const lastDeliveryMs = Math.round(performance.now() - overAt);
    await untilRecorded(place);
    return { ...(await judge(at)), undelivered: missing(), lastDeliveryMs };
  } finally {
    await at.server.kill();
  }
}

async function judge({
  place,
  sender,
  receiver,
}: Storm): Promise<Omit<StormReport, "undelivered" | "lastDeliveryMs">> {
  await using reader = await place.read();
  const promised = [...sender.promisedDelivery, ...sender.promisedStorage];
  const facts = await readFacts(reader, promised);
  const received = [...receiver.counts.values()];
  return {
    ...facts,
    accepted: promised.length,
    refused: sender.refused,
    duplicates: received.reduce((sum, count) => sum + count - 1, 0),
    surprises: sender.surprises,
  };
}

async function untilAccepted(sender: Sender, more: number): Promise<void> {
  const count = (): number => sender.promisedDelivery.size + sender.promisedStorage.size;
  const goal = count() + more;
  if (await until(() => count() >= goal, WAIT_MS)) return;
  const surprises = sender.surprises.slice(0, 3).join("; ");
  throw new Error(`only ${count()} of ${goal} events were accepted: ${surprises}`);
}

/** Looks until it is true; false when the time is over. */
export async function until(isTrue: () => boolean, withinMs: number): Promise<boolean> {
  const startedAt = performance.now();
  while (!isTrue()) {
    if (performance.now() - startedAt > withinMs) return false;
    await sleep(20);
  }
  return true;
}

/** What a receiver has answered is stored a moment later. */
async function untilRecorded(place: Installation): Promise<void> {
  await using reader = await place.read();
  const startedAt = performance.now();
  while ((await countUndelivered(reader)) > 0 && performance.now() - startedAt < WAIT_MS) {
    await sleep(100);
  }
}

/** What a storm breaks of the promises; empty when all are kept. */
export function brokenInStorm(
  report: StormReport,
  { recoveryMs, mayPark = false }: Pick<StormOptions, "recoveryMs" | "mayPark">,
): readonly string[] {
  const judged: readonly (readonly [boolean, string])[] = [
    [report.lost === 0, `${report.lost} accepted events are not stored`],
    [report.gaps === 0, `${report.gaps} gaps in the log`],
    [report.undelivered === 0, `${report.undelivered} accepted events were not delivered`],
    [report.deliveriesWrong === 0, `${report.deliveriesWrong} events without their one delivery`],
    [mayPark || report.parked === 0, `${report.parked} events or jobs were set aside`],
    [
      report.lastDeliveryMs <= recoveryMs,
      `the last delivery came ${report.lastDeliveryMs} ms after the trouble`,
    ],
    [report.surprises.length === 0, `surprising answers: ${report.surprises.slice(0, 3).join()}`],
  ];
  return judged.filter(([isKept]) => !isKept).map(([, text]) => text);
}
