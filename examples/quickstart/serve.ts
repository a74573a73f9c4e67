import { createServer } from "node:http";
import type { IncomingMessage, RequestListener } from "node:http";

/** A server on a free loopback port. */
export interface Serving {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves on 127.0.0.1; port 0 picks a free one. */
export async function serve(listener: RequestListener, port = 0): Promise<Serving> {
  const server = createServer(listener);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("No port was given");
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The whole body of a request, as the bytes that came. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
