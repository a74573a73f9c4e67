import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { freePort, runCli, startServer } from "../chaos/server-process.ts";

const hasStrace = spawnSync("strace", ["-V"]).status === 0;

describe.skipIf(!hasStrace)("an accepted event is on the disk before its reply leaves", () => {
  test("strace sees fsync or fdatasync between the last write of the database and each 202", async () => {
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
      const follow = `-f -y -s 32 -o ${trace} -e trace=${calls} -p ${server.pid}`;
      const strace = spawn("strace", follow.split(" "));
      await sleep(1_000);
      for (let count = 0; count < 10; count += 1) await accept(port, key);
      await server.stop();
      await once(strace, "close");

      const lines = (await readFile(trace, "utf8")).split("\n");
      const accepted = verdicts(lines);
      expect(accepted).toHaveLength(10);
      expect(accepted.every((verdict) => verdict === "durable")).toBe(true);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 60_000);
});

async function accept(port: number, key: string): Promise<void> {
  const reply = await fetch(`http://127.0.0.1:${port}/api/v1/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ type: "strace.seen", data: { durable: true } }),
  });
  expect(reply.status).toBe(202);
  await reply.arrayBuffer();
}

/**
 * For each 202 in the trace: whether, since the reply before it, the database was written at all, and whether its
 * last write was followed by a completed sync.
 */
function verdicts(lines: readonly string[]): readonly string[] {
  const found: string[] = [];
  let state: "unwritten" | "written" | "durable" = "unwritten";
  const syncing = new Set<string>();
  for (const line of lines) {
    const thread = /^\d+/.exec(line)?.[0] ?? "";
    if (/pwrite64\(.*portico\.db(-wal)?>/.test(line)) state = "written";
    else if (/(fsync|fdatasync)\(.*portico\.db/.test(line)) {
      if (line.includes("unfinished")) syncing.add(thread);
      else if (state === "written") state = "durable";
    } else if (/<\.\.\. (fsync|fdatasync) resumed>/.test(line) && syncing.delete(thread)) {
      if (state === "written") state = "durable";
    } else if (line.includes('"HTTP/1.1 202')) {
      found.push(state);
      state = "unwritten";
    }
  }
  return found;
}
