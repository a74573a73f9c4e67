import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { freePort, runCli, startServer } from "../chaos/server-process.ts";

const hasStrace = spawnSync("strace", ["-V"]).status === 0;

describe.skipIf(!hasStrace)("an accepted event is on the disk before its reply leaves", () => {
  test("strace sees fsync or fdatasync between the write of each event and its 202", async () => {
    const folder = await mkdtemp(join(tmpdir(), "portico-strace-"));
    try {
      await writeFile(
        join(folder, "portico.config.json"),
        JSON.stringify({ log: { level: "warn" } }),
      );
      const made = await runCli(["keys", "create", "--root", "--json"], { folder });
      const { key } = JSON.parse(made.stdout) as { readonly key: string };
      const port = await freePort();
      const server = await startServer({ folder, port });
      const trace = join(folder, "trace.txt");
      const calls = "write,writev,pwrite64,pwritev,sendto,sendmsg,fsync,fdatasync";
      const follow = `-f -y -s 9000 -o ${trace} -e trace=${calls} -p ${server.pid}`;
      const strace = spawn("strace", follow.split(" "));
      const ended = once(strace, "close");
      await attached(strace);
      for (let count = 0; count < 10; count += 1) await accept({ port, key, count });
      await server.stop();
      await ended;

      const lines = (await readFile(trace, "utf8")).split("\n");
      expect(verdicts(lines)).toEqual(Array.from({ length: 10 }, () => "durable"));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 60_000);
});

async function accept(at: {
  readonly port: number;
  readonly key: string;
  readonly count: number;
}): Promise<void> {
  const reply = await fetch(`http://127.0.0.1:${at.port}/api/v1/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${at.key}`, "content-type": "application/json" },
    body: JSON.stringify({ type: "strace.seen", data: { marker: marker(at.count) } }),
  });
  expect(reply.status).toBe(202);
  await reply.arrayBuffer();
}

/** For each event: whether a sync of the database began after the event was written and ended before its 202 left. */
function verdicts(lines: readonly string[]): readonly string[] {
  const replies = lines.flatMap((line, index) => (line.includes('"HTTP/1.1 202') ? [index] : []));
  return replies.map((reply, count) => {
    const written = lines.findIndex(
      (line) => line.includes("pwrite64(") && line.includes(marker(count)),
    );
    if (written === -1 || written > reply) return "not written before its reply";
    return isSynced(lines.slice(written + 1, reply)) ? "durable" : "not synced before its reply";
  });
}

function isSynced(lines: readonly string[]): boolean {
  const syncing = new Set<string>();
  return lines.some((line) => {
    const thread = /^\d+/.exec(line)?.[0] ?? "";
    if (/<\.\.\. (fsync|fdatasync) resumed>/.test(line)) return syncing.delete(thread);
    if (!/(fsync|fdatasync)\(.*portico\.db/.test(line)) return false;
    if (!line.includes("unfinished")) return true;
    syncing.add(thread);
    return false;
  });
}

/** Text that stands in the database's pages once the event is written, and nowhere before. */
function marker(count: number): string {
  return `marker-${count}-end`;
}

/** strace says on its standard error when it follows every thread. */
async function attached(strace: ChildProcess): Promise<void> {
  const done = Promise.withResolvers<void>();
  let said = "";
  strace.stderr?.on("data", (chunk) => {
    said += String(chunk);
    if (said.includes("attached")) done.resolve();
  });
  strace.once("close", () => done.reject(new TypeError(`strace could not attach: ${said}`)));
  await done.promise;
}
