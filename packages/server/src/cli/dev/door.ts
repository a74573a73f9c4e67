import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { once } from "node:events";

/** Enough for every browser tab of a developer, and a bound. */
const WAITING_MAX = 1_000;

/** The socket that stays open while servers come and go behind it. */
export interface Door {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Connections go to this taker from now on; undefined holds them until there is one again. */
  lead(to: ((socket: Socket) => void) | undefined): void;
  close(): void;
}

/** Opens the socket. Rejects with node's error (`EADDRINUSE`) when it cannot. */
export async function openDoor(host: string, port: number): Promise<Door> {
  const waiting: Socket[] = [];
  let taker: ((socket: Socket) => void) | undefined;
  // Paused: not a byte may be read here, since the server's process reads the same socket from its beginning.
  const server: Server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    if (taker !== undefined) taker(socket);
    else if (waiting.length < WAITING_MAX) waiting.push(socket);
    else socket.destroy();
  });
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    host,
    port,
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    lead: (to) => {
      taker = to;
      if (to !== undefined) for (const socket of waiting.splice(0)) to(socket);
    },
    close: () => {
      for (const socket of waiting.splice(0)) socket.destroy();
      server.close();
    },
  };
}
