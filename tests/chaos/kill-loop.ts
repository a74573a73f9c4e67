import { randomInt } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openReceiver, type Receiver } from "./receiver.ts";
import { startSender, type Sender } from "./sender.ts";
import { freePort, runCli, startServer } from "./server-process.ts";

/** How hard to try to lose something. */
export interface KillLoopOptions {
  readonly kills: number;
  /** A PostgreSQL database of its own; SQLite in a fresh folder when left out. */
  readonly postgresUrl?: string;
  /** Go on killing until so many events were accepted, beyond `kills` if need be. */
  readonly acceptedAtLeast: number;
  readonly batch: number;
  readonly lanes: number;
  readonly deliveredEvery: number;
  /** Every round longer than this is killed, ms. */
  readonly roundMs: { readonly min: number; readonly max: number };
  readonly onRound?: (report: KillLoopReport) => void;
}

/** What was found. `lost` must be 0. */
export interface KillLoopReport {
  readonly database: "sqlite" | "postgres";
  kills: number;
  /** Kills while every commit was held open before COMMIT, and between COMMIT and reply. */
  killsBeforeCommit: number;
  killsAfterCommit: number;
  accepted: number;
  lost: number;
  delivered: number;
  undelivered: number;
  duplicates: number;
  duplicatesAllowed: number;
  /** From the last start's readiness until the last accepted event had been delivered. */
  lastDeliveryMs: number;
  slowestStartMs: number;
  surprises: readonly string[];
}

/** Deliveries that can be under way at one time: each kill may repeat as many. */
const DELIVERIES_IN_FLIGHT_MAX = 128;

const PAUSES = [undefined, "before:25", "after:25"] as const;

/** Kills the server again and again under load, then asks whether everything it promised is there. */
export async function killLoop(options: KillLoopOptions): Promise<KillLoopReport> {
  const folder = await mkdtemp(join(tmpdir(), "portico-kill-"));
  const receiver = await openReceiver();
  const port = await freePort();
  const report = emptyReport(options);
  try {
    await writeConfig(folder, options);
    const key = await firstKey(folder);
    const url = `http://127.0.0.1:${port}/api/v1`;
    await subscribe({ folder, port, key, url, receiver });
    const sender = startSender({ url, key, ...options });
    await killAgainAndAgain({ folder, port, sender, options, report });
    await settleAndCount({ folder, port, url, key, sender, receiver, report });
    return report;
  } finally {
    await receiver.close();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Round {
  readonly folder: string;
  readonly port: number;
}

async function killAgainAndAgain(
  loop: Round & {
    readonly sender: Sender;
    readonly options: KillLoopOptions;
    readonly report: KillLoopReport;
  },
): Promise<void> {
  const { sender, options, report } = loop;
  while (report.kills < options.kills || report.accepted < options.acceptedAtLeast) {
    const pause = PAUSES[report.kills % PAUSES.length];
    const server = await startServer({
      ...loop,
      ...(pause === undefined ? {} : { env: { PORTICO_TEST_PAUSE: pause } }),
    });
    report.slowestStartMs = Math.max(report.slowestStartMs, Math.round(server.readyMs));
    await sleep(randomInt(options.roundMs.min, options.roundMs.max));
    await server.kill();
    report.kills += 1;
    if (pause?.startsWith("before") === true) report.killsBeforeCommit += 1;
    if (pause?.startsWith("after") === true) report.killsAfterCommit += 1;
    report.accepted = sender.promisedDelivery.size + sender.promisedStorage.size;
    options.onRound?.(report);
  }
}

async function settleAndCount(
  loop: Round & {
    readonly url: string;
    readonly key: string;
    readonly sender: Sender;
    readonly receiver: Receiver;
    readonly report: KillLoopReport;
  },
): Promise<void> {
  const { sender, receiver, report } = loop;
  await sender.stop();
  const server = await startServer(loop);
  const readyAt = performance.now();
  const missing = (): readonly string[] =>
    [...sender.promisedDelivery].filter((id) => !receiver.counts.has(id));
  while (missing().length > 0 && performance.now() - readyAt < 60_000) await sleep(20);
  report.lastDeliveryMs = Math.round(performance.now() - readyAt);
  report.accepted = sender.promisedDelivery.size + sender.promisedStorage.size;
  report.undelivered = missing().length;
  const stored = await storedIds(loop.url, loop.key);
  report.lost = [...sender.promisedDelivery, ...sender.promisedStorage].filter(
    (id) => !stored.has(id),
  ).length;
  report.delivered = receiver.counts.size;
  report.duplicates = [...receiver.counts.values()].reduce((sum, count) => sum + count - 1, 0);
  report.duplicatesAllowed = report.kills * DELIVERIES_IN_FLIGHT_MAX;
  report.surprises = sender.surprises;
  await server.stop();
}

function emptyReport(options: KillLoopOptions): KillLoopReport {
  return {
    database: options.postgresUrl === undefined ? "sqlite" : "postgres",
    kills: 0,
    killsBeforeCommit: 0,
    killsAfterCommit: 0,
    accepted: 0,
    lost: 0,
    delivered: 0,
    undelivered: 0,
    duplicates: 0,
    duplicatesAllowed: 0,
    lastDeliveryMs: 0,
    slowestStartMs: 0,
    surprises: [],
  };
}

async function writeConfig(folder: string, options: KillLoopOptions): Promise<void> {
  const config = {
    outbound: { allow: ["127.0.0.0/8"] },
    log: { level: "warn" },
    ...(options.postgresUrl === undefined ? {} : { database: { url: options.postgresUrl } }),
  };
  await writeFile(join(folder, "portico.config.json"), JSON.stringify(config));
}

async function firstKey(folder: string): Promise<string> {
  const { code, stdout, stderr } = await runCli(["keys", "create", "--root", "--json"], { folder });
  if (code !== 0) throw new Error(`keys create ended with ${code}: ${stderr}`);
  const { key } = JSON.parse(stdout) as { readonly key: string };
  return key;
}

async function subscribe(
  to: Round & { readonly key: string; readonly url: string; readonly receiver: Receiver },
): Promise<void> {
  const server = await startServer(to);
  const reply = await fetch(`${to.url}/webhooks`, {
    method: "POST",
    headers: { authorization: `Bearer ${to.key}`, "content-type": "application/json" },
    body: JSON.stringify({ url: to.receiver.url, events: ["chaos.delivered"] }),
  });
  const text = await reply.text();
  await server.stop();
  if (reply.status !== 201) throw new Error(`no webhook: ${reply.status} ${text}`);
}

async function storedIds(url: string, key: string): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ limit: "1000", ...(cursor === null ? {} : { cursor }) });
    const reply = await fetch(`${url}/events?${query.toString()}`, {
      headers: { authorization: `Bearer ${key}` },
    });
    if (!reply.ok) throw new Error(`events answered ${reply.status} ${await reply.text()}`);
    const page = (await reply.json()) as EventPage;
    for (const { id } of page.data) ids.add(id);
    cursor = page.next;
  } while (cursor !== null);
  return ids;
}

interface EventPage {
  readonly data: readonly { readonly id: string }[];
  readonly next: string | null;
}
