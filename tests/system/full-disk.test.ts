// A disk that is full, a database that somebody holds, a folder that is taken: told as such, and over when it is over.
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { openFolder, portico, serve, type Folder } from "./portico-process.ts";

/** Whether this machine lets us mount a small disk: as root, in most containers. */
const canMount = ((): boolean => {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const probe =
    "d=$(mktemp -d) && mount -t tmpfs -o size=1m tmpfs $d && umount $d; e=$?; rmdir $d; exit $e";
  return spawnSync("sh", ["-c", probe]).status === 0;
})();

/** A folder on a disk of its own, of so many MB. */
async function openDisk(megabytes: number): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "portico-disk-"));
  spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", path]);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      spawnSync("umount", ["-l", path]);
      await rm(path, { recursive: true, force: true });
    },
  };
}

interface Client {
  publish(bytes?: number): Promise<{ readonly status: number; readonly code: unknown }>;
  read(): Promise<number>;
}

async function clientOf(folder: Folder, url: string): Promise<Client> {
  const made = await portico(folder, ["keys", "create", "--root", "--json"]);
  const { key } = JSON.parse(made.out) as { readonly key: string };
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  return {
    publish: async (bytes = 10) => {
      const body = JSON.stringify({ type: "disk.filled", data: "x".repeat(bytes) });
      const reply = await fetch(`${url}/api/v1/events`, { method: "POST", headers, body });
      const text = await reply.text();
      expect(text).not.toMatch(/sqlite|SQLITE|disk I\/O|\.ts:|node_modules/);
      return { status: reply.status, code: (JSON.parse(text) as { readonly code?: unknown }).code };
    },
    read: async () => {
      const reply = await fetch(`${url}/api/v1/events?limit=1`, { headers });
      await reply.text();
      return reply.status;
    },
  };
}

describe.skipIf(!canMount)("a full disk", () => {
  test("is answered as 503, reads go on, and writes too once there is room again", async () => {
    await using disk = await openDisk(24);
    const ballast = join(disk.path, "ballast");
    await writeFile(ballast, new Uint8Array(12_000_000));
    await using server = await serve(disk);
    const client = await clientOf(disk, server.url);
    let answer = await client.publish();
    expect(answer.status).toBe(202);
    for (let count = 0; answer.status === 202 && count < 200; count += 1) {
      answer = await client.publish(200_000);
    }
    expect(answer).toEqual({ status: 503, code: "store.unavailable" });
    expect(await client.publish(200_000)).toEqual({ status: 503, code: "store.unavailable" });
    expect(await client.read()).toBe(200);
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);

    await rm(ballast);
    await expect
      .poll(async () => (await client.publish(200_000)).status, { timeout: 15_000 })
      .toBe(202);
    expect(await client.read()).toBe(200);
    server.signal("SIGTERM");
    expect((await server.ended).code).toBe(0);
    await using again = await serve(disk);
    expect((await fetch(`${again.url}/readyz`)).status).toBe(200);
  });
});

test("a database that another program holds is answered as 503 and served again when it lets go", async () => {
  await using folder = await openFolder();
  await using server = await serve(folder);
  const client = await clientOf(folder, server.url);
  const other = new DatabaseSync(join(folder.path, ".portico", "portico.db"));
  other.exec("begin immediate");
  expect(await client.publish()).toEqual({ status: 503, code: "store.unavailable" });
  expect(await client.read()).toBe(200);
  other.exec("rollback");
  other.close();
  expect((await client.publish()).status).toBe(202);
});

test("backup and its verification run while the server serves, and restore waits until it does not", async () => {
  await using folder = await openFolder();
  await using server = await serve(folder);
  const client = await clientOf(folder, server.url);
  await client.publish();
  const [made, ...published] = await Promise.all([
    portico(folder, ["backup", "create", "copy.db", "--json"]),
    ...Array.from({ length: 50 }, () => client.publish(1_000)),
  ]);
  expect([made.code, made.err]).toEqual([0, expect.not.stringContaining("error")]);
  expect(published.every(({ status }) => status === 202)).toBe(true);
  expect((await portico(folder, ["backup", "verify", "copy.db"])).code).toBe(0);
  const early = await portico(folder, ["restore", "copy.db", "--yes"]);
  expect([early.code, early.err.includes("code: data.locked")]).toEqual([75, true]);
  expect((await client.publish()).status).toBe(202);
  server.signal("SIGTERM");
  await server.ended;
  expect((await portico(folder, ["restore", "copy.db", "--yes"])).code).toBe(0);
  await using again = await serve(folder);
  expect((await fetch(`${again.url}/readyz`)).status).toBe(200);
});

test("ten mistakes of a configuration are told in one go, and end the start with 78", async () => {
  const config = {
    server: { port: "high", hots: "0.0.0.0", bodyBytesMax: 1, cors: { origins: "*" } },
    log: { level: "loud", format: 7 },
    data: 5,
    gatway: {},
    outbound: { allow: "10.0.0.0/8" },
    gateway: { apis: [{ id: "Shop", upstream: "ftp://example.com" }] },
  };
  await using folder = await openFolder({ "portico.config.json": JSON.stringify(config) });
  const { code, out, err } = await portico(folder, ["start"]);
  expect([code, out]).toEqual([78, ""]);
  const told = [...err.matchAll(/^ {2}- (\S+?):/gm)].map(([, path]) => path);
  for (const path of [
    "server.port",
    "server.hots",
    "server.bodyBytesMax",
    "server.cors.origins",
    "log.level",
    "log.format",
    "data",
    "gatway",
    "outbound.allow",
    "gateway.apis[0].id",
    "gateway.apis[0].upstream",
  ]) {
    expect(told).toContain(path);
  }
  expect(err).not.toMatch(/\.ts:\d|node_modules/);
});
