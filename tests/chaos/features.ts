import { createHmac, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { must, type Installation } from "./installation.ts";
import { openReceiver, type Receiver } from "./receiver.ts";
import type { StoredReader } from "./stored.ts";

const KEYS = 4;
const SECRET = "known-to-both-sides";
const ORDERED = "chaos.ordered";
const REPLAYED = "chaos.replayed";
const REPLAY_EVERY_MS = 1_000;
const AGAIN_MS = 50;

/** What the promises beside the plain path came to, under kills. */
export interface FeatureReport {
  /** Events of ordered keys whose first arrival came after that of a later one. */
  readonly outOfOrder: number;
  readonly ordered: number;
  /** Accepted events of ordered keys that never came. */
  readonly orderedMissing: number;
  /** Messages from outside that were answered 2xx. */
  readonly inbound: number;
  /** Of these, those without exactly one event. */
  readonly inboundWrong: number;
  /** Ticks that ran, and those for which more than one event is on the log. */
  readonly ticks: number;
  readonly ticksTwice: number;
  /** Replays that were accepted, and jobs of them that have not ended well. */
  readonly replays: number;
  readonly replaysOpen: number;
  /** Events of the replayed webhook that are not delivered. */
  readonly replayedMissing: number;
  /** Answers to replays that were neither 202 nor 409. */
  readonly surprises: readonly string[];
}

/** Work on every feature, one request after another each, while a server is killed and started. */
export interface Features extends AsyncDisposable {
  stop(): Promise<void>;
  /** Accepted events whose delivery is still awaited. */
  outstanding(): number;
  /** Whether what was begun has ended, as far as the database knows. */
  isSettled(reader: StoredReader): Promise<boolean>;
  judge(reader: StoredReader): Promise<FeatureReport>;
}

interface State {
  readonly place: Installation;
  readonly receiver: Receiver;
  readonly webhooks: { readonly replayed: string };
  readonly source: string;
  /** Of ordered events: the id, its key and its number. */
  readonly sent: Map<string, { readonly key: string; readonly n: number }>;
  readonly lastOf: Map<string, number>;
  readonly seen: Set<string>;
  readonly inbound: Set<string>;
  readonly surprises: string[];
  readonly since: string;
  outOfOrder: number;
  replays: number;
  isStopping: boolean;
}

/** Makes webhooks, a source and a schedule; the server must be running. Nothing is sent before {@link startFeatures}. */
export async function setUpFeatures(
  place: Installation,
): Promise<Pick<State, "place" | "receiver" | "webhooks" | "source">> {
  const receiver = await openReceiver(2);
  const made = async (path: string, body: unknown): Promise<string> => {
    const created = await must(place, 201, ["POST", path, body]);
    // Every view of the API has an id.
    return (created as { readonly id: string }).id;
  };
  await made("/webhooks", {
    url: `${receiver.url}/ordered`,
    events: [ORDERED],
    ordering: "block",
    retryPolicy: { maxRetries: 50, backoffMs: 100 },
  });
  const replayed = await made("/webhooks", { url: `${receiver.url}/replay`, events: [REPLAYED] });
  const source = await made("/sources", {
    provider: "github",
    secret: SECRET,
    eventPrefix: "code",
  });
  await made("/schedules", {
    cron: "* * * * * *",
    event: { type: "chaos.tick", data: {} },
    catchUp: { window: "10s", max: 10 },
  });
  return { place, receiver, webhooks: { replayed }, source };
}

/** Begins to send; see {@link Features}. */
export function startFeatures(parts: Awaited<ReturnType<typeof setUpFeatures>>): Features {
  const state: State = {
    ...parts,
    sent: new Map(),
    lastOf: new Map(),
    seen: new Set(),
    inbound: new Set(),
    surprises: [],
    since: new Date(Date.now() - 60_000).toISOString(),
    outOfOrder: 0,
    replays: 0,
    isStopping: false,
  };
  state.receiver.onArrival = ({ id, path, body }) => {
    if (path.endsWith("/ordered")) arrive(state, id, body);
  };
  const lanes = Promise.all([sendOrdered(state), sendInbound(state), replay(state)]);
  const stop = async (): Promise<void> => {
    state.isStopping = true;
    await lanes;
  };
  return {
    stop,
    outstanding: () => [...state.sent.keys()].filter((id) => !state.seen.has(id)).length,
    isSettled: async (reader) =>
      (await count(reader, OPEN)) + (await count(reader, undelivered(REPLAYED))) === 0,
    judge: (reader) => judge(state, reader),
    [Symbol.asyncDispose]: async () => {
      await stop();
      await state.receiver[Symbol.asyncDispose]();
    },
  };
}

function arrive(state: State, id: string, body: string): void {
  if (state.seen.has(id)) return;
  state.seen.add(id);
  // Written by `sendOrdered`.
  const { data } = JSON.parse(body) as {
    readonly data: { readonly key: string; readonly n: number };
  };
  const last = state.lastOf.get(data.key) ?? -1;
  if (data.n < last) state.outOfOrder += 1;
  state.lastOf.set(data.key, Math.max(last, data.n));
}

async function sendOrdered(state: State): Promise<void> {
  for (let n = 0; !state.isStopping; n += 1) {
    if (state.sent.size - state.seen.size > 20) {
      await sleep(10);
      n -= 1;
      continue;
    }
    const key = `key ${n % KEYS}`;
    const id = await post(state, "/events", { type: ORDERED, key, data: { key, n } });
    if (id !== undefined) state.sent.set(id, { key, n });
    if (n % 10 === 0) await post(state, "/events", { type: REPLAYED, data: { n } });
  }
}

/** The id of what was accepted; undefined when the server was killed or is away. */
async function post({ place }: State, path: string, body: unknown): Promise<string | undefined> {
  try {
    const answered = await place.call("POST", path, body);
    if (answered.status !== 202) return undefined;
    return (answered.body as { readonly id: string }).id;
  } catch {
    await sleep(20);
    return undefined;
  }
}

/** As a sender does: the same message again until it is answered. */
async function sendInbound(state: State): Promise<void> {
  const { place, source, inbound } = state;
  let id = randomUUID();
  while (!state.isStopping) {
    const body = JSON.stringify({ ref: id });
    const mac = createHmac("sha256", SECRET).update(body).digest("hex");
    try {
      const reply = await fetch(`${new URL(place.url).origin}/in/${source}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-github-delivery": id,
          "x-github-event": "push",
          "x-hub-signature-256": `sha256=${mac}`,
        },
        body,
      });
      await reply.text();
      if (reply.ok) {
        inbound.add(id);
        id = randomUUID();
      }
    } catch {
      await sleep(20);
    }
    await sleep(5);
  }
}

async function replay(state: State): Promise<void> {
  const { place, webhooks } = state;
  while (!state.isStopping) {
    const body = { filter: { since: state.since, types: [REPLAYED] } };
    try {
      const answered = await place.call("POST", `/webhooks/${webhooks.replayed}/replay`, body);
      if (answered.status === 202) state.replays += 1;
      // One at a time: 409 while the last is at work.
      else if (answered.status !== 409) state.surprises.push(JSON.stringify(answered));
      await sleep(answered.status === 202 ? REPLAY_EVERY_MS : AGAIN_MS);
    } catch {
      // Killed under the request: it may have begun, and is judged with the others.
      await sleep(AGAIN_MS);
    }
  }
}

const INBOUND = "select data from log_events where type = 'code.push'";
const TICKS = "select count(*) as n from schedules_ticks where outcome = 'run'";
const TICK_EVENTS = "select count(*) as n from log_events where type = 'chaos.tick'";
const OPEN = `select (select count(*) from jobs_active where plugin = 'webhooks' and name = 'bulk')
  + (select count(*) from jobs_ended where plugin = 'webhooks' and name = 'bulk' and outcome <> 'completed') as n`;

async function judge(state: State, reader: StoredReader): Promise<FeatureReport> {
  const stored = new Map<string, number>();
  for await (const row of reader.rows(INBOUND)) {
    const text = Buffer.from(row["data"] as Uint8Array).toString();
    const { ref } = JSON.parse(text) as { readonly ref: string };
    stored.set(ref, (stored.get(ref) ?? 0) + 1);
  }
  const ticks = await count(reader, TICKS);
  return {
    outOfOrder: state.outOfOrder,
    ordered: state.sent.size,
    orderedMissing: [...state.sent.keys()].filter((id) => !state.seen.has(id)).length,
    inbound: state.inbound.size,
    inboundWrong:
      [...state.inbound].filter((id) => stored.get(id) !== 1).length +
      [...stored].filter(([id, times]) => times > 1 && !state.inbound.has(id)).length,
    ticks,
    ticksTwice: Math.max(0, (await count(reader, TICK_EVENTS)) - ticks),
    replays: state.replays,
    replaysOpen: await count(reader, OPEN),
    replayedMissing: await count(reader, undelivered(REPLAYED)),
    surprises: state.surprises,
  };
}

function undelivered(type: string): string {
  return `select count(*) as n from log_events e where e.type = '${type}' and not exists (
    select 1 from webhooks_deliveries d
    where d.organization = e.organization and d.event = e.id and d.state = 'delivered')`;
}

async function count(reader: StoredReader, sql: string): Promise<number> {
  let n = 0;
  for await (const row of reader.rows(sql)) n = Number(row["n"]);
  return n;
}

/** The promises that the features broke; empty when all are kept. */
export function brokenFeatures(report: FeatureReport): readonly string[] {
  const judged: readonly (readonly [boolean, string])[] = [
    [report.ordered > 0 && report.inbound > 0, "nothing was sent"],
    [report.ticks > 0 && report.replays > 0, "nothing ticked or was replayed"],
    [report.outOfOrder === 0, `${report.outOfOrder} events of a key overtook another`],
    [report.orderedMissing === 0, `${report.orderedMissing} events of ordered keys never came`],
    [report.inboundWrong === 0, `${report.inboundWrong} inbound messages without their one event`],
    [report.ticksTwice === 0, `${report.ticksTwice} ticks more than once`],
    [report.replaysOpen === 0, `${report.replaysOpen} replays have not ended well`],
    [report.surprises.length === 0, `surprising answers: ${report.surprises.slice(0, 3).join()}`],
    [report.replayedMissing === 0, `${report.replayedMissing} events of the replayed webhook`],
  ];
  return judged.filter(([isKept]) => !isKept).map(([, text]) => text);
}
