// A whole server that listens, the application behind it, and what every refusal must hold.
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server as TcpServer, Socket } from "node:net";
import { expect } from "vitest";
import {
  createTestApp,
  type TestApp,
  type TestAppOptions,
} from "../../packages/server/src/kernel/testing/index.ts";
import { builtIns } from "../../packages/server/src/platform.ts";

/** The server under attack. */
export interface House extends AsyncDisposable {
  readonly app: TestApp;
  readonly port: number;
  readonly url: string;
  /** May read and write events of the default organization, and call the fronted API. */
  readonly key: string;
  /** Fails unless a good request to the application behind and a good write both succeed. */
  expectServing(): Promise<void>;
}

/** Opens a server of all pillars that fronts `/shop`: an application that behaves, and one that does not. */
export async function openHouse(options: Partial<TestAppOptions> = {}): Promise<House> {
  const shop = await listening(createServer((_request, response) => response.end("shop")));
  const broken = await listening(createTcpServer((socket) => misbehave(socket)));
  const gone = await listening(createServer());
  await gone[Symbol.asyncDispose]();
  const timeouts = { firstByteMs: 200, idleMs: 200 };
  const app = await createTestApp({
    plugins: builtIns(),
    settings: {
      gateway: {
        apis: [
          { id: "shop", basePath: "/shop", upstream: shop.url, auth: "key" },
          { id: "broken", basePath: "/broken", upstream: broken.url, timeouts },
          { id: "gone", basePath: "/gone", upstream: gone.url },
          { id: "hosted", host: "only.example.com", basePath: "/hosted", upstream: shop.url },
          {
            id: "routed",
            basePath: "/routed",
            upstream: shop.url,
            bodyBytesMax: 10,
            routes: [{ path: "/one", methods: ["GET", "POST"] }],
          },
        ],
      },
    },
    ...options,
  });
  const { url } = await app.listen("127.0.0.1", 0);
  const key = await makeKey(app, { permissions: ["events:*", "keys:*"] });
  const house: Omit<House, "expectServing"> = {
    app,
    url,
    port: Number(new URL(url).port),
    key,
    [Symbol.asyncDispose]: async () => {
      await app.stop(1_000);
      await shop[Symbol.asyncDispose]();
      await broken[Symbol.asyncDispose]();
    },
  };
  return { ...house, expectServing: () => expectServing(house) };
}

async function expectServing({ url, key }: Pick<House, "url" | "key">): Promise<void> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const fronted = await fetch(`${url}/shop/good`, { headers });
  expect([fronted.status, await fronted.text()]).toEqual([200, "shop"]);
  const body = JSON.stringify({ type: "still.serving", data: {} });
  const accepted = await fetch(`${url}/api/v1/events`, { method: "POST", headers, body });
  expect([accepted.status, await accepted.json()]).toMatchObject([202, { status: "accepted" }]);
}

/** Makes a key and answers its text. */
export async function makeKey(
  app: TestApp,
  given: Readonly<Record<string, unknown>> = {},
  organization = "default",
): Promise<string> {
  const owner = app.as({ organization, permissions: ["*"] });
  const made = await owner.post("/keys", { name: "test", permissions: [], ...given });
  expect(made.status).toBe(201);
  return (made.json() as { readonly key: string }).key;
}

/** How the broken application answers, by the path it is asked for. */
const MISCHIEF: Readonly<Record<string, string | undefined>> = {
  "/broken/garbage": "\u0000\u0001 no HTTP at all\r\n\r\n",
  "/broken/short": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
  "/broken/long": "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour and more than it said",
  "/broken/chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhalf\r\n0\r\n\r\n",
  "/broken/head": `HTTP/1.1 200 OK\r\n${"X-A: a\r\n".repeat(100_000)}`,
};

function misbehave(socket: Socket): void {
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => {
    const path = /^\w+ (\S+) /.exec(chunk.toString("latin1"))?.[1] ?? "";
    if (path === "/broken/hangs") return;
    if (path === "/broken/resets") socket.resetAndDestroy();
    else if (path === "/broken/resets-within") {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", () =>
        socket.resetAndDestroy(),
      );
    } else if (path === "/broken/short") socket.end(MISCHIEF[path] ?? "");
    else socket.write(MISCHIEF[path] ?? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "latin1");
  });
}

interface Listening extends AsyncDisposable {
  readonly url: string;
}

async function listening(server: TcpServer): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Sends bytes as they are, and answers what came back until the other side closed. */
export async function talk(port: number, bytes: string | Uint8Array): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, "127.0.0.1", () => {
    socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  });
  let heard = "";
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => (heard += chunk));
  socket.on("close", () => resolve(heard));
  socket.on("error", (error) => {
    // A reset after the answer is what a refused sender may see.
    if (heard === "") reject(error);
  });
  return await promise;
}

/** What no refusal may tell: where the code lies, what runs inside, what it is asked or keeps. */
const INSIDES =
  /node_modules|\.[tj]s:\d|file:\/\/|\bat \w+ \(|\/(?:work|tmp|home|usr)\/|\b(?:select|insert|update|delete)\b.*\b(?:from|into|set)\b|sqlite|postgres|SQLITE_|errno|ECONN|127\.0\.0\.1:(?!PORT)|whsec_|_[A-Za-z0-9]{49}\b/i;

/** The refusal in a raw answer: well-formed, with the code, telling nothing of the inside. */
export function expectRefusal(house: House, heard: string, [status, code]: Refusal): void {
  const [head = "", body = ""] = heard.split(/\r\n\r\n([^]*)/);
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(head).toMatch(/^content-type: application\/problem\+json\r?$/im);
  expect(head).toMatch(/^x-request-id: \S+\r?$/im);
  const problem = JSON.parse(body) as Record<string, unknown>;
  expect(problem).toMatchObject({ status, code, type: `${house.url}/docs/errors/${code}` });
  expect(heard.replaceAll(house.url, "")).not.toMatch(INSIDES);
}

/** Status and code of a problem. */
export type Refusal = readonly [status: number, code: string];
