import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { openSqlite } from "./index.ts";

const unavailable: unknown = expect.objectContaining({ code: "store.unavailable" });

it.each(["portico-sqlite-writer", "portico-sqlite-reader"])(
  "refuses everything and says that it is lost once %s has ended",
  async (name) => {
    const folder = await mkdtemp(join(tmpdir(), "portico-lost-"));
    const threads = new Map<string, Worker>();
    const remember = (worker: Worker): void => {
      threads.set(worker.threadName ?? "", worker);
    };
    process.on("worker", remember);
    const driver = await openSqlite({ file: join(folder, "portico.db") });
    process.off("worker", remember);
    const select = { sql: "select 1 as one", parameters: [] };
    await driver.query(select);
    await threads.get(name)?.terminate();
    await expect(driver.lost).resolves.toEqual(unavailable);
    await expect(driver.query(select)).rejects.toEqual(unavailable);
    await expect(driver.append([select])).rejects.toEqual(unavailable);
    await expect(driver.transaction((tx) => tx.execute(select))).rejects.toEqual(unavailable);
    await driver.close();
    await rm(folder, { recursive: true, force: true });
  },
);

it("is not lost by being closed", async () => {
  const driver = await openSqlite({ file: ":memory:" });
  let isLost = false;
  void driver.lost?.then(() => {
    isLost = true;
  });
  await driver.close();
  await setImmediate();
  expect(isLost).toBe(false);
});
