import { createServer as createHttpServer } from "node:http";
import type { IncomingHttpHeaders, RequestListener } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

/** A server that a test writes, released with `await using`. */
export interface Upstream extends AsyncDisposable {
  readonly url: string;
  /** What arrived, newest last: method, path, header lines as sent, body. */
  readonly seen: Seen[];
  readonly sockets: Set<Socket>;
}

/** One request as the upstream got it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** An application over node:http; its listener is called when the body has been read. */
export async function httpUpstream(listener: RequestListener): Promise<Upstream> {
  const seen: Seen[] = [];
  const server = createHttpServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers, rawHeaders } = request;
      seen.push({ method, url, headers, rawHeaders, body: Buffer.concat(chunks).toString() });
      listener(request, response);
    });
  });
  return started(server, seen);
}

/** A bare socket server: `answer` is called with each piece that arrives. */
export async function rawUpstream(
  answer: (socket: Socket, text: string) => void,
): Promise<Upstream> {
  const seen: Seen[] = [];
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => answer(socket, chunk.toString("latin1")));
  });
  return started(server, seen);
}

async function started(server: Server, seen: Seen[]): Promise<Upstream> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    sockets,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** Sends exact bytes and answers all that came back until the server closes, or `until` shows in it. */
export async function speak(url: string, bytes: string, until?: string): Promise<string> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    let got = "";
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(bytes, "latin1"));
    socket.on("data", (chunk) => {
      got += chunk.toString("latin1");
      if (until !== undefined && got.includes(until)) {
        socket.destroy();
        resolve(got);
      }
    });
    socket.on("close", () => resolve(got));
    socket.on("error", reject);
  });
}
