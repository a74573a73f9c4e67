import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** How a receiver treats deliveries: `hang` takes them and says nothing, `reset` breaks the connection. */
export type Manners = "answer" | "hang" | "reset" | { readonly status: number };

/** One delivery as it came. */
export interface Arrival {
  readonly id: string;
  readonly path: string;
  readonly body: string;
}

/** An endpoint that answers 200 after a moment and counts how often each event came. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  /** Event id → deliveries received, however they were answered. */
  readonly counts: ReadonlyMap<string, number>;
  /** Event ids that were answered 200. */
  readonly taken: ReadonlySet<string>;
  /** Told of each delivery. */
  onArrival: (arrival: Arrival) => void;
  behave(manners: Manners): void;
  /** From now on answers nothing; the ids that came since are collected. */
  hold(): void;
  /** Answers again; returns the ids that were held. */
  release(): readonly string[];
}

interface State {
  readonly counts: Map<string, number>;
  readonly taken: Set<string>;
  readonly hanging: Set<ServerResponse>;
  onArrival: (arrival: Arrival) => void;
  manners: Manners;
  held: string[] | undefined;
}

/** Listens on loopback. Each delivery is under way for `delayMs`, so that kills find some. */
export async function openReceiver(delayMs: number): Promise<Receiver> {
  const state: State = {
    counts: new Map(),
    taken: new Set(),
    hanging: new Set(),
    onArrival: () => undefined,
    manners: "answer",
    held: undefined,
  };
  const server = createServer((request, response) => {
    void arrive(state, request, response).then((id) => {
      if (id !== undefined) setTimeout(() => take(state, id, response), delayMs);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("no port was given");
  const letGo = (): void => {
    for (const response of state.hanging) response.destroy();
    state.hanging.clear();
  };
  return Object.assign(state, {
    url: `http://127.0.0.1:${address.port}/hook`,
    behave: (manners: Manners) => {
      state.manners = manners;
      if (manners !== "hang") letGo();
    },
    hold: () => {
      state.held ??= [];
      state.manners = "hang";
    },
    release: () => {
      const released = state.held ?? [];
      state.held = undefined;
      state.manners = "answer";
      letGo();
      return released;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  });
}

/** The id of a delivery that is to be answered well. */
async function arrive(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<string | undefined> {
  const id = String(request.headers["webhook-id"]);
  let body = "";
  try {
    for await (const chunk of request) body += String(chunk);
  } catch {
    // Its sender was killed within it: nothing has arrived.
    return undefined;
  }
  state.counts.set(id, (state.counts.get(id) ?? 0) + 1);
  state.onArrival({ id, path: request.url ?? "", body });
  const { manners } = state;
  if (manners === "answer") return id;
  if (manners === "hang") {
    state.held?.push(id);
    state.hanging.add(response);
  } else if (manners === "reset") {
    request.socket.resetAndDestroy();
  } else {
    response.writeHead(manners.status).end();
  }
  return undefined;
}

function take(state: State, id: string, response: ServerResponse): void {
  state.taken.add(id);
  response.writeHead(200).end();
}
