import { once } from "node:events";
import { createServer } from "node:http";

/** An endpoint that answers 200 at once and counts how often each event came. */
export interface Receiver {
  readonly url: string;
  /** Event id → deliveries received. */
  readonly counts: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** Listens on loopback. */
export async function openReceiver(): Promise<Receiver> {
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const id = request.headers["webhook-id"];
    request.resume();
    request.on("end", () => {
      if (typeof id === "string") counts.set(id, (counts.get(id) ?? 0) + 1);
      response.writeHead(200).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("no port was given");
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    counts,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
