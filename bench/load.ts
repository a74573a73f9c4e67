import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";

/** A request, sent again and again over kept connections, each with one request in flight. */
export interface Load {
  readonly port: number;
  readonly request: Buffer;
  readonly connections: number;
  readonly seconds: number;
  /** The only status that counts as an answer. */
  readonly status: number;
}

/** What a load measured. */
export interface Measured {
  readonly perSecond: number;
  readonly answers: number;
  readonly others: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Writes a POST of JSON as bytes. */
export function post(
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Buffer {
  const bytes = Buffer.from(JSON.stringify(body));
  const lines = Object.entries({
    host: "127.0.0.1",
    "content-type": "application/json",
    "content-length": String(bytes.byteLength),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n`), bytes]);
}

interface Tally {
  answers: number;
  others: number;
  readonly timesMs: number[];
}

/** Sends the load and counts what was answered before its time is over. A closed loop: a ceiling, not a latency at a rate. */
export async function drive(load: Load): Promise<Measured> {
  const tally: Tally = { answers: 0, others: 0, timesMs: [] };
  const until = performance.now() + load.seconds * 1_000;
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: load.connections }, () => lane(load, until, tally)));
  const seconds = (performance.now() - startedAt) / 1_000;
  const sorted = tally.timesMs.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  const { answers, others } = tally;
  return { perSecond: answers / seconds, answers, others, p50: at(0.5), p99: at(0.99) };
}

async function lane(load: Load, until: number, tally: Tally): Promise<void> {
  const socket = connect({ port: load.port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  try {
    while (performance.now() < until) {
      const sentAt = performance.now();
      const status = await exchange(socket, load.request);
      if (status === load.status) tally.answers += 1;
      else tally.others += 1;
      tally.timesMs.push(performance.now() - sentAt);
    }
  } finally {
    socket.destroy();
  }
}

/** Sends one request over a connection and answers the status of its reply. */
export function exchange(socket: Socket, request: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    let received = "";
    const onData = (chunk: Buffer): void => {
      received += chunk.toString("latin1");
      const status = statusOf(received);
      if (status === undefined) return;
      settle();
      resolve(status);
    };
    const onClose = (): void => {
      settle();
      reject(new TypeError(`The connection was closed after '${received.slice(0, 200)}'`));
    };
    const settle = (): void => {
      socket.off("data", onData);
      socket.off("close", onClose);
    };
    socket.on("data", onData);
    socket.once("close", onClose);
    socket.write(request);
  });
}

/** The status of a whole answer with a Content-Length; undefined while bytes are missing. */
function statusOf(received: string): number | undefined {
  const head = received.indexOf("\r\n\r\n");
  if (head < 0) return undefined;
  const length = /\r\ncontent-length: *(\d+)/i.exec(received.slice(0, head + 2))?.[1] ?? "0";
  return received.length >= head + 4 + Number(length) ? Number(received.slice(9, 12)) : undefined;
}
