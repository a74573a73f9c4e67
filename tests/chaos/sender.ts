import { setTimeout as sleep } from "node:timers/promises";
import { Agent, request } from "undici";

/** What a sender has been promised so far. */
export interface Sender {
  /** Ids of events answered 202 that a webhook is subscribed to. */
  readonly promisedDelivery: ReadonlySet<string>;
  /** Ids of events answered 202 that nobody is subscribed to; they must be in the log. */
  readonly promisedStorage: ReadonlySet<string>;
  /** Answers that were neither 202 nor a lost connection. */
  readonly surprises: readonly string[];
  /** Answers that were refused as {@link SenderOptions.refusals} allows. */
  readonly refused: number;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a sender sends, and to whom. */
export interface SenderOptions {
  readonly url: string;
  readonly key: string;
  readonly lanes: number;
  /** Events a request that nobody is subscribed to. */
  readonly batch: number;
  /** One request in so many is a single event of a type that one of the webhooks is subscribed to. */
  readonly deliveredEvery: number;
  readonly webhooks: number;
  /** Deliveries that have come so far: what is outstanding holds the sender back, as a queue that is kept up with. */
  readonly delivered: () => number;
  /** Statuses that are no surprise in this trouble: nothing was promised. */
  readonly refusals?: readonly number[];
}

/** More accepted events than these wait for their delivery only while the sender waits too. */
const OUTSTANDING_MAX = 50;

/** The type that the webhook of this number is subscribed to. */
export function deliveredType(webhook: number): string {
  return `chaos.delivered.${webhook}`;
}

interface State {
  readonly options: SenderOptions;
  readonly agent: Agent;
  readonly promisedDelivery: Set<string>;
  readonly promisedStorage: Set<string>;
  readonly surprises: string[];
  refused: number;
  count: number;
  isStopping: boolean;
}

/** Sends events on several lanes, one request after another each, until stopped; keeps what was promised. */
export function startSender(options: SenderOptions): Sender {
  const state: State = {
    options,
    agent: new Agent({ connections: options.lanes, pipelining: 1 }),
    promisedDelivery: new Set(),
    promisedStorage: new Set(),
    surprises: [],
    refused: 0,
    count: 0,
    isStopping: false,
  };
  const lanes = Promise.all(Array.from({ length: options.lanes }, () => runLane(state)));
  const ended = lanes.then(() => state.agent.close());
  const stop = (): Promise<void> => {
    state.isStopping = true;
    return ended;
  };
  return Object.assign(state, { stop, [Symbol.asyncDispose]: stop });
}

async function runLane(state: State): Promise<void> {
  const { options } = state;
  while (!state.isStopping) {
    if (state.promisedDelivery.size - options.delivered() > OUTSTANDING_MAX) {
      await sleep(5);
      continue;
    }
    state.count += 1;
    const { count } = state;
    const turn = count / options.deliveredEvery;
    if (Number.isInteger(turn)) {
      const type = deliveredType(turn % options.webhooks);
      await send(state, "/events", { type, data: { count } });
    } else {
      const events = Array.from({ length: options.batch }, (_each, index) => {
        return { type: "chaos.stored", data: { count, index, note: "kept or refused" } };
      });
      await send(state, "/events/batch", { events });
    }
  }
}

async function send(state: State, path: string, body: unknown): Promise<void> {
  const { options, agent } = state;
  try {
    const reply = await request(`${options.url}${path}`, {
      method: "POST",
      dispatcher: agent,
      headers: { authorization: `Bearer ${options.key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await reply.body.text();
    if (reply.statusCode === 202) {
      keep(state, JSON.parse(text) as Accepted);
    } else if (options.refusals?.includes(reply.statusCode) === true) {
      state.refused += 1;
      await sleep(20);
    } else {
      state.surprises.push(`${reply.statusCode} ${text.slice(0, 300)}`);
    }
  } catch {
    // The process was killed under the request: nothing was promised.
    await sleep(20);
  }
}

/** The answer to one event, or to a batch, whose own id is the request's. */
interface Accepted {
  readonly id: string;
  readonly events?: readonly string[];
}

function keep(state: State, { id, events }: Accepted): void {
  if (events === undefined) state.promisedDelivery.add(id);
  else for (const each of events) state.promisedStorage.add(each);
}
