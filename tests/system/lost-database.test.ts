// A database thread that ends cannot be brought back within its process.
import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { createPortico } from "../../packages/server/src/embed.ts";
import { openFolder, portico, serve } from "./portico-process.ts";

const CONFIG = `
process.on("worker", (worker) => {
  if (worker.threadName === "portico-sqlite-writer") process.on("SIGUSR2", () => worker.terminate());
});
export default {};
`;

test("a server whose writer thread ended exits with 70, and the next start has all it accepted", async () => {
  await using folder = await openFolder({ "portico.config.mjs": CONFIG });
  const made = await portico(folder, ["keys", "create", "--root", "--json"]);
  const { key } = JSON.parse(made.out) as { readonly key: string };
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  let id = "";
  {
    await using server = await serve(folder);
    const body = JSON.stringify({ type: "thread.ended", data: {} });
    const reply = await fetch(`${server.url}/api/v1/events`, { method: "POST", headers, body });
    ({ id } = (await reply.json()) as { readonly id: string });
    server.signal("SIGUSR2");
    const { code, out } = await server.ended;
    expect(code).toBe(70);
    expect(out).toContain("store.unavailable");
  }
  await using server = await serve(folder);
  const found = await fetch(`${server.url}/api/v1/events/${id}`, { headers });
  expect(found.status).toBe(200);
});

test("an embedded server whose writer thread ended is not ready, and leaves its host alone", async () => {
  await using folder = await openFolder();
  const writer = Promise.withResolvers<Worker>();
  const remember = (worker: Worker): void => {
    if (worker.threadName === "portico-sqlite-writer") writer.resolve(worker);
  };
  process.on("worker", remember);
  const server = await createPortico({ data: folder.path, log: { level: "silent" } });
  process.off("worker", remember);
  await server.start();
  const before = await server.inject({ method: "GET", url: "/readyz" });
  expect(before.status).toBe(200);
  const worker = await writer.promise;
  await Promise.all([once(worker, "exit"), worker.terminate()]);
  await server.lost;
  // The probes' answer is kept for a second, whoever asks.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const after = await server.inject({ method: "GET", url: "/readyz" });
  expect(after.status).toBe(503);
  await server.stop().catch(() => undefined);
});
