// How a server ends: drained by the first signal, at once by the second, with 70 when it broke.
import { get, type IncomingMessage } from "node:http";
import { Agent, createServer, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { openFolder, serve, type Folder } from "./portico-process.ts";

interface Slow extends AsyncDisposable {
  readonly url: string;
  /** Settles with the response that is waited for. */
  asked(): Promise<ServerResponse>;
}

/** An application that answers when the test does. */
async function openSlow(): Promise<Slow> {
  const waiting: ServerResponse[] = [];
  const arrived = new EventTarget();
  const server: Server = createServer((_request, response) => {
    waiting.push(response);
    arrived.dispatchEvent(new Event("asked"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    asked: async () => {
      for (;;) {
        const response = waiting.shift();
        if (response !== undefined) return response;
        await once(arrived, "asked");
      }
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function fronting(upstream: string, shutdownDelayMs: number): Promise<Folder> {
  const config = {
    server: { shutdownDelayMs },
    gateway: { apis: [{ id: "app", basePath: "/app", upstream }] },
  };
  return await openFolder({ "portico.config.json": JSON.stringify(config) });
}

test("SIGTERM turns readiness off, lets the request under way finish, and ends with 0", async () => {
  await using app = await openSlow();
  await using folder = await fronting(app.url, 1_500);
  await using server = await serve(folder);
  const agent = new Agent({ keepAlive: true });
  const answer = new Promise<IncomingMessage>((resolve) => {
    get(`${server.url}/app/slow`, { agent }, resolve);
  });
  const response = await app.asked();
  server.signal("SIGTERM");
  await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status).toBe(503);
  expect((await fetch(`${server.url}/livez`)).status).toBe(200);
  await sleep(2_000);
  response.end("finished");
  const got = await answer;
  expect([got.statusCode, (await got.toArray()).join("")]).toEqual([200, "finished"]);
  const finishedAt = performance.now();
  const { code, out } = await server.ended;
  expect(code).toBe(0);
  // A kept connection that is quiet now holds nothing up.
  expect(performance.now() - finishedAt).toBeLessThan(10_000);
  expect(out).not.toContain('"level":"error"');
  agent.destroy();
});

test("a stream without end is cut in time for a clean end", async () => {
  await using app = await openSlow();
  await using folder = await fronting(app.url, 10_000);
  await using server = await serve(folder);
  const stream = fetch(`${server.url}/app/stream`);
  (await app.asked()).writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
  const reader = (await stream).body?.getReader();
  await reader?.read();
  const since = performance.now();
  server.signal("SIGTERM");
  expect((await server.ended).code).toBe(0);
  expect(performance.now() - since).toBeLessThan(25_000);
  await reader?.cancel().catch(() => undefined);
});

test("a second signal ends it at once", async () => {
  await using app = await openSlow();
  await using folder = await fronting(app.url, 0);
  await using server = await serve(folder);
  const pending = fetch(`${server.url}/app/slow`).catch(() => "cut off");
  await app.asked();
  server.signal("SIGTERM");
  await expect
    .poll(async () => await fetch(`${server.url}/readyz`).catch(() => "closed"))
    .toBe("closed");
  server.signal("SIGTERM");
  expect((await server.ended).code).toBe(143);
  expect(await pending).toBe("cut off");
});

const BREAKS = `
import { definePlugin } from "portico/kernel";
const breaks = definePlugin({
  id: "breaks", version: "1.0.0", engine: "^1",
  start: () => { setTimeout(() => { HOW }, 1_500); },
});
export default { plugins: [breaks] };
`;

test.each([
  ["an error that nobody caught", "throw new TypeError('broken by a plugin');"],
  ["a promise that nobody awaited", "void Promise.reject(new TypeError('broken by a plugin'));"],
])("%s is logged and ends it with 70", async (_name, how) => {
  const text = BREAKS.replace("HOW", how);
  await using folder = await openFolder({ "portico.config.mjs": text });
  await using server = await serve(folder);
  const { code, out } = await server.ended;
  expect(code).toBe(70);
  expect(out).toContain("uncaught error: the process ends");
  expect(out).toContain("broken by a plugin");
});
