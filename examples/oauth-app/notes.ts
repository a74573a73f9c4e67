import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import { once } from "node:events";

/** A program that listens on this machine. */
export interface Serving {
  readonly url: string;
  close(): Promise<void>;
}

/** The notes API: it has never heard of OAuth. Who calls, it learns from the gateway. */
export function startNotes(): Promise<Serving> {
  return serve((_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ notes: ["Buy milk", "Call Grace"] }));
  });
}

/** Listens on a port of this machine; any free one when left out. */
export async function serve(listener: RequestListener, port = 0): Promise<Serving> {
  const server: Server = createServer(listener).listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("no port was given");
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
