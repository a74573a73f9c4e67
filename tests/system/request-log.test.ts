import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, runCli, startServer, type ServerProcess } from "../chaos/server-process.ts";

const upstream = createServer((_request, response) => response.end("ok"));
let folder = "";
let port = 0;
let key = "";
let server: ServerProcess;

beforeAll(async () => {
  upstream.listen(0, "127.0.0.1");
  await once(upstream, "listening");
  folder = await mkdtemp(join(tmpdir(), "portico-requests-"));
  port = await freePort();
  const { port: upstreamPort } = upstream.address() as AddressInfo;
  const api = { id: "shop", basePath: "/shop", upstream: `http://127.0.0.1:${upstreamPort}` };
  const gateway = { apis: [{ ...api, auth: "key" }] };
  const config = JSON.stringify({ log: { level: "warn" }, gateway });
  await writeFile(join(folder, "portico.config.json"), config);
  const made = await runCli(["keys", "create", "--root", "--json"], { folder });
  ({ key } = JSON.parse(made.stdout) as { readonly key: string });
  server = await startServer({ folder, port });
});
afterAll(async () => {
  await server.stop();
  upstream.closeAllConnections();
  upstream.close();
  await rm(folder, { recursive: true, force: true });
});

async function call(path: string, withKey = true): Promise<Response> {
  const headers = withKey ? { "x-api-key": key } : {};
  return await fetch(`http://127.0.0.1:${port}${path}`, { headers });
}

interface Row {
  readonly id: string;
  readonly path: string;
  readonly route: string;
  readonly subject: string;
  readonly status: number;
  readonly code: string | null;
}

async function rows(query: string): Promise<readonly Row[]> {
  const reply = await call(`/api/v1/requests?limit=100&${query}`);
  expect(reply.status).toBe(200);
  return ((await reply.json()) as { readonly data: readonly Row[] }).data;
}

const ROUTE = `route=${encodeURIComponent("/shop/*")}`;

test("fronted calls are in the request log by their route, the refused with their code, also after a restart", async () => {
  const good = await call("/shop/invoices/7?secret=1");
  const refused = await call("/shop/invoices/8", false);
  expect([good.status, refused.status]).toEqual([200, 401]);
  const expected = [
    {
      id: refused.headers.get("x-request-id"),
      path: "/shop/invoices/8",
      status: 401,
      code: "access.unauthenticated",
    },
    {
      id: good.headers.get("x-request-id"),
      path: "/shop/invoices/7",
      status: 200,
      code: null,
      subject: expect.stringMatching(/^key_/) as string,
    },
  ];
  expect(await rows(ROUTE)).toMatchObject(expected);
  expect(await server.stop()).toBe(0);
  server = await startServer({ folder, port });
  expect(await rows(ROUTE)).toMatchObject(expected);
  expect(await rows(`${ROUTE}&status=4xx`)).toHaveLength(1);
});

test("a kill within its writing costs it rows at most: the file is whole and takes more", async () => {
  const calls = Array.from({ length: 300 }, (_, index) => call(`/shop/killed/${index}`));
  await Promise.race(calls);
  await server.kill();
  await Promise.allSettled(calls);

  const file = new DatabaseSync(join(folder, ".portico", "requests.db"));
  expect(file.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  file.close();
  server = await startServer({ folder, port });
  const after = await call("/shop/after");
  expect(after.status).toBe(200);
  const [newest] = await rows(ROUTE);
  expect(newest?.id).toBe(after.headers.get("x-request-id"));
});

async function counted(): Promise<number> {
  const reply = await call("/api/v1/analytics?metric=requests&api=shop");
  expect(reply.status).toBe(200);
  const { lines } = (await reply.json()) as { readonly lines: readonly { total: number }[] };
  return lines[0]?.total ?? 0;
}

test("a kill costs analytics what was counted since they were written, and nothing before", async () => {
  for (let index = 0; index < 20; index += 1) await call(`/shop/counted/${index}`);
  // Reading writes what is counted.
  const written = await counted();
  expect(written).toBeGreaterThanOrEqual(20);
  for (let index = 0; index < 7; index += 1) await call(`/shop/unwritten/${index}`);
  await server.kill();
  server = await startServer({ folder, port });
  const left = await counted();
  expect(left).toBeGreaterThanOrEqual(written);
  expect(left).toBeLessThanOrEqual(written + 7);
  await call("/shop/after");
  expect(await counted()).toBe(left + 1);
});
