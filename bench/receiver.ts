// Receives deliveries on loopback for `webhooks.ts`, in a process of its own: `/hang` is never answered, all else at once.
// Told to begin a run it counts the deliveries of this run; told "end" it tells what came. One in a hundred is checked for
// its signature, so that no row is measured without.
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingHttpHeaders } from "node:http";

/** What came of a run. */
export interface Came {
  readonly count: number;
  /** Milliseconds since 1970 at which the last came. */
  readonly lastAt: number;
  /** From `data.at` of each event to its arrival. */
  readonly latenciesMs: readonly number[];
  /** Of the deliveries that were checked. */
  readonly wrongSignatures: number;
}

/** What the receiver is told. */
export type Said = "count" | "end" | { readonly run: number };

const CHECK_EVERY = 100;
const secret = Buffer.from((process.argv[2] ?? "").slice("whsec_".length), "base64");
const now = (): number => performance.timeOrigin + performance.now();
let run = -1;
let lastAt = 0;
let latenciesMs: number[] = [];
let wrongSignatures = 0;

function isSigned(headers: IncomingHttpHeaders, body: Buffer): boolean {
  const head = `${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.`;
  const mac = createHmac("sha256", secret).update(head).update(body).digest("base64");
  return String(headers["webhook-signature"]).split(" ").includes(`v1,${mac}`);
}

function take(headers: IncomingHttpHeaders, body: Buffer): void {
  const at = now();
  // Cut out, not parsed: the receiver shares two cores with what is measured.
  const text = body.toString("latin1");
  if (Number(/"run":(\d+)/.exec(text)?.[1]) !== run) return;
  lastAt = at;
  latenciesMs.push(at - Number(/"at":(\d+(?:\.\d+)?)/.exec(text)?.[1]));
  if (latenciesMs.length % CHECK_EVERY === 1 && !isSigned(headers, body)) wrongSignatures += 1;
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    if (request.url === "/hang") return;
    take(request.headers, Buffer.concat(chunks));
    response.writeHead(204).end();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1");
await once(server, "listening");
const address = server.address();
process.send?.(typeof address === "object" ? address?.port : undefined);
process.on("message", (said: Said) => {
  if (said === "count") {
    process.send?.(latenciesMs.length);
    return;
  }
  if (said === "end") {
    const count = latenciesMs.length;
    process.send?.({ count, lastAt, latenciesMs, wrongSignatures } satisfies Came);
  }
  run = said === "end" ? -1 : said.run;
  latenciesMs = [];
  wrongSignatures = 0;
});
