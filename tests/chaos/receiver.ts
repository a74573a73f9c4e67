import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";

/** An endpoint that answers 200 after a moment and counts how often each event came. */
export interface Receiver {
  readonly url: string;
  /** Event id → deliveries received. */
  readonly counts: ReadonlyMap<string, number>;
  /** From now on answers nothing; the ids that came since are collected. */
  hold(): void;
  /** Answers again; returns the ids that were held. */
  release(): readonly string[];
  close(): Promise<void>;
}

/** Listens on loopback. Each delivery is under way for `delayMs`, so that kills find some. */
export async function openReceiver(delayMs: number): Promise<Receiver> {
  const counts = new Map<string, number>();
  let held: { readonly id: string; readonly response: ServerResponse }[] | undefined;
  const server = createServer((request, response) => {
    const id = String(request.headers["webhook-id"]);
    request.resume();
    request.on("end", () => {
      counts.set(id, (counts.get(id) ?? 0) + 1);
      if (held === undefined) setTimeout(() => response.writeHead(200).end(), delayMs);
      else held.push({ id, response });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("no port was given");
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    counts,
    hold: () => {
      held ??= [];
    },
    release: () => {
      const released = held ?? [];
      held = undefined;
      for (const { response } of released) response.destroy();
      return released.map(({ id }) => id);
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
