import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openSqlite } from "../../drivers/sqlite/index.ts";
import type { Progress } from "../contract/index.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { openTestDatabase } from "../testing/test-database.ts";
import type { TestDatabase } from "../testing/test-database.ts";
import { backupDatabase, restoreBackup, verifyBackup } from "./index.ts";
import type { BackupManifest, Driver } from "./index.ts";

const openFile = (file: string): Promise<Driver> => openSqlite({ file });
const broken: unknown = expect.objectContaining({ code: "store.backupBroken" });

async function backUp(database: TestDatabase): Promise<{ file: string; manifest: BackupManifest }> {
  const file = join(database.file ?? "", "../backup.db");
  const { driver } = database;
  const manifest = await backupDatabase({ driver, file, version: "1.2.3", clock: fakeClock() });
  return { file, manifest };
}

function insert(id: string): { sql: string; parameters: (string | number)[] } {
  return {
    sql: "insert into store_changes (kind, id, at) values (?, ?, ?)",
    parameters: ["key", id, 0],
  };
}

async function idsOf(driver: Driver): Promise<unknown[]> {
  const { rows } = await driver.query({ sql: "select id from store_changes", parameters: [] });
  return rows.map((row) => row["id"]);
}

it("copies what was accepted before it, while others write, and restores it whole", async () => {
  await using database = await openTestDatabase("sqlite");
  const { driver } = database;
  await driver.append([insert("before")]);
  const writes = Array.from({ length: 200 }, (_, index) => driver.append([insert(String(index))]));
  const { file, manifest } = await backUp(database);
  await Promise.all(writes);
  expect(manifest).toMatchObject({
    format: 1,
    at: "2026-01-01T00:00:00.000Z",
    version: "1.2.3",
    schema: { store: "0001-create-changes" },
  });
  const target = `${file}.restored`;
  expect(await restoreBackup(file, target, openFile)).toEqual(manifest);
  const restored = await openFile(target);
  try {
    expect(await idsOf(restored)).toContain("before");
  } finally {
    await restored.close();
  }
});

it("copies a database in memory", async () => {
  await using database = await openTestDatabase("memory");
  await using other = await openTestDatabase("sqlite");
  await database.driver.append([insert("a")]);
  const file = join(other.file ?? "", "../memory.db");
  const { driver } = database;
  await backupDatabase({ driver, file, version: "1.2.3", clock: fakeClock() });
  await expect(verifyBackup(file, openFile)).resolves.toMatchObject({ version: "1.2.3" });
});

it("tells how far it is, to the last byte, and so does its verification", async () => {
  await using database = await openTestDatabase("sqlite");
  await database.driver.append([insert("a")]);
  const { driver, file: source = "" } = database;
  const file = join(source, "../told.db");
  const told: Progress[] = [];
  const report = (progress: Progress): void => void told.push(progress);
  const { bytes } = await backupDatabase({
    driver,
    file,
    version: "1",
    clock: fakeClock(),
    report,
  });
  await verifyBackup(file, openFile, report);
  for (const doing of ["hashing", "verifying"]) {
    expect(told.findLast((each) => each.doing === doing)).toMatchObject({
      done: bytes,
      total: bytes,
    });
  }
});

it("does not write over a file", async () => {
  await using database = await openTestDatabase("sqlite");
  const { file } = await backUp(database);
  const target = expect.objectContaining({ code: "store.backupTarget" }) as unknown;
  await expect(backUp(database)).rejects.toEqual(target);
  await expect(restoreBackup(file, database.file ?? "", openFile)).rejects.toEqual(target);
});

it("refuses a backup of which one byte is another", async () => {
  await using database = await openTestDatabase("sqlite");
  const { file } = await backUp(database);
  const bytes = await readFile(file);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  await writeFile(file, bytes);
  await expect(verifyBackup(file, openFile)).rejects.toEqual(broken);
});

it("refuses a backup whose pages are broken though its hash is right", async () => {
  await using database = await openTestDatabase("sqlite");
  await Promise.all(
    Array.from({ length: 500 }, (_, index) =>
      database.driver.append([insert(`id-${String(index)}`)]),
    ),
  );
  const { file, manifest } = await backUp(database);
  const bytes = await readFile(file);
  bytes.fill(0xff, 4_096 * 2, 4_096 * 3);
  await writeFile(file, bytes);
  const { createHash } = await import("node:crypto");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  await writeFile(`${file}.json`, JSON.stringify({ ...manifest, sha256 }));
  await expect(verifyBackup(file, openFile)).rejects.toEqual(broken);
});

it("refuses a backup without its manifest", async () => {
  await using database = await openTestDatabase("sqlite");
  await expect(verifyBackup(database.file ?? "", openFile)).rejects.toEqual(broken);
});
