import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, startServer, type ServerProcess } from "../chaos/server-process.ts";

const MEGABYTE = 1_048_576;
const GIGABYTE = 1_024 * MEGABYTE;
const GROWTH_MAX = 100 * MEGABYTE;
const PIECE = Buffer.alloc(MEGABYTE, 7);

const upstream = createServer((incoming, response) => {
  if (incoming.method === "POST") {
    count(incoming).then(
      (bytes) => response.end(String(bytes)),
      () => response.destroy(),
    );
  } else {
    const bytes = Number(incoming.url?.slice(1));
    response.writeHead(200, { "content-length": bytes });
    pour(response, bytes);
  }
});
let folder = "";
let port = 0;
let server: ServerProcess;

beforeAll(async () => {
  upstream.listen(0, "127.0.0.1");
  await once(upstream, "listening");
  folder = await mkdtemp(join(tmpdir(), "portico-memory-"));
  port = await freePort();
  const { port: upstreamPort } = upstream.address() as AddressInfo;
  const gateway = { apis: [{ id: "files", upstream: `http://127.0.0.1:${upstreamPort}` }] };
  const config = JSON.stringify({ log: { level: "warn" }, gateway });
  await writeFile(join(folder, "portico.config.json"), config);
  server = await startServer({ folder, port });
  // What a first body needs once is not what bodies cost.
  await download(64 * MEGABYTE);
  await upload(64 * MEGABYTE);
});
afterAll(async () => {
  await server.stop();
  upstream.closeAllConnections();
  upstream.close();
  await rm(folder, { recursive: true, force: true });
});

test("a gigabyte comes down through the gateway in constant memory", async () => {
  const { grownBy, result } = await watched(() => download(GIGABYTE));
  expect(result).toBe(GIGABYTE);
  expect(grownBy).toBeLessThan(GROWTH_MAX);
});

test("a gigabyte goes up through the gateway in constant memory, announced or in chunks", async () => {
  for (const headers of [{ "content-length": GIGABYTE / 2 }, {}]) {
    const { grownBy, result } = await watched(() => upload(GIGABYTE / 2, headers));
    expect(result).toBe(GIGABYTE / 2);
    expect(grownBy).toBeLessThan(GROWTH_MAX);
  }
});

async function download(bytes: number): Promise<number> {
  const asked = request({ host: "127.0.0.1", port, path: `/${bytes}`, agent: false }).end();
  const [reply] = (await once(asked, "response")) as [IncomingMessage];
  return await count(reply);
}

async function upload(
  bytes: number,
  headers: Readonly<Record<string, number>> = {},
): Promise<number> {
  const target = { host: "127.0.0.1", port, path: "/", method: "POST", agent: false };
  const sent = request({ ...target, headers });
  pour(sent, bytes);
  const [reply] = (await once(sent, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of reply) text += String(chunk);
  if (reply.statusCode !== 200) throw new Error(`${reply.statusCode}: ${text}`);
  return Number(text);
}

/** Writes as fast as the other side reads. */
function pour(to: ServerResponse | ReturnType<typeof request>, bytes: number): void {
  let left = bytes;
  const more = (): void => {
    while (left > 0) {
      left -= PIECE.length;
      if (!to.write(PIECE)) {
        to.once("drain", more);
        return;
      }
    }
    to.end();
  };
  more();
}

async function count(stream: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream) bytes += chunk.length;
  return bytes;
}

/** Runs something and tells by how much the server's memory was larger than before, at its highest. */
async function watched<TResult>(
  run: () => Promise<TResult>,
): Promise<{ readonly grownBy: number; readonly result: TResult }> {
  const before = residentBytes();
  let highest = before;
  const looking = setInterval(() => (highest = Math.max(highest, residentBytes())), 100);
  try {
    const result = await run();
    return { result, grownBy: Math.max(highest, residentBytes()) - before };
  } finally {
    clearInterval(looking);
  }
}

function residentBytes(): number {
  return Number(execFileSync("ps", ["-o", "rss=", "-p", String(server.pid)])) * 1_024;
}
