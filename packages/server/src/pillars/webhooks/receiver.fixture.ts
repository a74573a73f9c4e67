import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";

/** One request as the receiver saw it. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
  readonly body: string;
}

/** How the receiver of a test answers its n-th request, counted from 1. */
export type Behave = (response: ServerResponse, nth: number) => void;

/** A receiver on loopback, gone with its test. */
export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  behave: Behave;
  /** Settles when so many requests have come. */
  count(requests: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Answers 204 until told otherwise. */
export async function openReceiver(behave: Behave = accept): Promise<Receiver> {
  const received: Received[] = [];
  const arrived = new EventTarget();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      received.push({ headers: request.headers, path: request.url ?? "", body });
      receiver.behave(response, received.length);
      arrived.dispatchEvent(new Event("arrived"));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("No port was given");
  const receiver: Receiver = {
    url: `http://127.0.0.1:${address.port}/hook`,
    received,
    behave,
    count: async (requests) => {
      while (received.length < requests) await once(arrived, "arrived");
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return receiver;
}

/** 204, as a receiver should. */
export function accept(response: ServerResponse): void {
  response.writeHead(204).end();
}

/** Always this status, with these headers. */
export function answer(status: number, headers: Record<string, string> = {}): Behave {
  return (response) => {
    response.writeHead(status, headers).end("no");
  };
}
