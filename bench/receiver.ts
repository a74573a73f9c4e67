// Receives deliveries on loopback for `webhooks.ts`, in a process of its own: `/hang` is never answered, all else at once.
// Told "begin" it starts to count, told "end" it tells what came.
import { once } from "node:events";
import { createServer } from "node:http";

/** What came between "begin" and "end". */
export interface Came {
  readonly count: number;
  /** Between the first and the last. */
  readonly seconds: number;
  /** From `data.at` of each event to its arrival. */
  readonly latenciesMs: readonly number[];
}

const now = (): number => performance.timeOrigin + performance.now();
let arrivals: number[] = [];
let latenciesMs: number[] = [];

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    if (request.url === "/hang") return;
    const at = now();
    // Cut out, not parsed: the receiver shares two cores with what is measured.
    const sentAt = /"at":(\d+(?:\.\d+)?)/.exec(Buffer.concat(chunks).toString("latin1"))?.[1];
    arrivals.push(at);
    latenciesMs.push(at - Number(sentAt));
    response.writeHead(204).end();
  });
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const address = server.address();
process.send?.(typeof address === "object" ? address?.port : undefined);
process.on("message", (said) => {
  if (said === "end") {
    const seconds = ((arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0)) / 1_000;
    process.send?.({ count: arrivals.length, seconds, latenciesMs } satisfies Came);
  }
  if (said !== "count") {
    arrivals = [];
    latenciesMs = [];
  } else process.send?.(arrivals.length);
});
