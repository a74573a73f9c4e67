import { Agent, request } from "undici";

/** What a sender has been promised so far. */
export interface Sender {
  /** Ids of events answered 202 that a webhook is subscribed to. */
  readonly promisedDelivery: Set<string>;
  /** Ids of events answered 202 that nobody is subscribed to; they must be in the log. */
  readonly promisedStorage: Set<string>;
  /** The most requests that were ever unanswered at one time. */
  readonly inFlightMax: number;
  /** Answers that were neither 202 nor a lost connection. */
  readonly surprises: readonly string[];
  stop(): Promise<void>;
}

/** What a sender sends, and to whom. */
export interface SenderOptions {
  readonly url: string;
  readonly key: string;
  readonly lanes: number;
  /** Events a request; 1 uses `POST /events`. */
  readonly batch: number;
  /** One request in so many is of the type a webhook is subscribed to. */
  readonly deliveredEvery: number;
}

/** Sends events on several lanes, one after another each, until stopped; keeps what was promised. */
export function startSender(options: SenderOptions): Sender {
  const agent = new Agent({ connections: options.lanes, pipelining: 1 });
  const state = {
    promisedDelivery: new Set<string>(),
    promisedStorage: new Set<string>(),
    inFlightMax: 0,
    surprises: [] as string[],
  };
  let inFlight = 0;
  let count = 0;
  let isStopping = false;

  const sendOne = async (): Promise<void> => {
    count += 1;
    const isDelivered = count % options.deliveredEvery === 0;
    inFlight += 1;
    state.inFlightMax = Math.max(state.inFlightMax, inFlight);
    try {
      const reply = await request(
        `${options.url}${options.batch === 1 ? "/events" : "/events/batch"}`,
        {
          method: "POST",
          dispatcher: agent,
          headers: { authorization: `Bearer ${options.key}`, "content-type": "application/json" },
          body: bodyOf(count, isDelivered ? "chaos.delivered" : "chaos.stored", options.batch),
        },
      );
      const text = await reply.body.text();
      if (reply.statusCode !== 202)
        state.surprises.push(`${reply.statusCode} ${text.slice(0, 300)}`);
      else {
        const kept = isDelivered ? state.promisedDelivery : state.promisedStorage;
        for (const id of idsOf(JSON.parse(text))) kept.add(id);
      }
    } catch {
      // The process was killed under the request: nothing was promised.
      await new Promise((resolve) => setTimeout(resolve, 20));
    } finally {
      inFlight -= 1;
    }
  };
  const lane = async (): Promise<void> => {
    while (!isStopping) await sendOne();
  };
  const lanes = Array.from({ length: options.lanes }, lane);
  return Object.assign(state, {
    stop: async () => {
      isStopping = true;
      await Promise.all(lanes);
      await agent.close();
    },
  });
}

function bodyOf(count: number, type: string, batch: number): string {
  const event = (index: number): object => ({
    type,
    data: { count, index, note: "kept or refused" },
  });
  if (batch === 1) return JSON.stringify(event(0));
  return JSON.stringify({ events: Array.from({ length: batch }, (_each, index) => event(index)) });
}

function idsOf(reply: {
  readonly id?: string;
  readonly data?: readonly { readonly id: string }[];
}): readonly string[] {
  if (reply.data !== undefined) return reply.data.map(({ id }) => id);
  return reply.id === undefined ? [] : [reply.id];
}
