import type { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, mkdtemp, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isProblem, toRfc3339 } from "../../base/index.ts";
import type { Clock } from "../../base/index.ts";
import type { Driver } from "./driver.ts";
import { raiseStore } from "./errors.ts";
import { schemaVersions } from "./migrate.ts";

/** What a backup says of itself, beside it in `<file>.json`. */
export interface BackupManifest {
  readonly format: 1;
  /** Lower-case hex of the file's SHA-256. */
  readonly sha256: string;
  readonly bytes: number;
  /** RFC 3339, UTC. */
  readonly at: string;
  /** Version of the program that wrote it. */
  readonly version: string;
  /** The last migration of each owner. */
  readonly schema: Readonly<Record<string, string>>;
}

/** What is backed up, and to where. */
export interface BackupOptions {
  readonly driver: Driver;
  /** Must not exist yet. */
  readonly file: string;
  readonly version: string;
  readonly clock: Clock;
}

/** Opens a database file; the caller knows the driver. */
export type OpenDatabase = (file: string) => Promise<Driver>;

/**
 * Copies the database while it serves and writes the manifest beside it. It is not verified yet: see
 * {@link verifyBackup}. Throws `store.backupTarget`, and `store.backupElsewhere` on PostgreSQL.
 */
export async function backupDatabase(options: BackupOptions): Promise<BackupManifest> {
  const { driver, file, version, clock } = options;
  await driver.backup(file);
  const manifest: BackupManifest = {
    format: 1,
    sha256: await hashFile(file),
    bytes: (await stat(file)).size,
    at: toRfc3339(clock.now()),
    version,
    schema: await schemaVersions(driver),
  };
  await writeFile(manifestOf(file), `${JSON.stringify(manifest, null, 2)}\n`, { flush: true });
  return manifest;
}

/**
 * Compares a backup with its manifest, then opens a copy of it and lets the database check every page and reference.
 * Throws `store.backupBroken` with the reason.
 */
export async function verifyBackup(file: string, openFile: OpenDatabase): Promise<BackupManifest> {
  const manifest = await readManifest(file);
  const sha256 = await hashFile(file).catch((error: unknown) => {
    throw broken(file, "it cannot be read", error);
  });
  if (sha256 !== manifest.sha256) throw broken(file, "its content is not what the manifest says");
  const folder = await mkdtemp(join(tmpdir(), "portico-verify-"));
  try {
    const copy = join(folder, "copy.db");
    await copyFile(file, copy);
    await checkPages(file, await openFile(copy), manifest);
  } catch (error) {
    // A file too broken to be opened or read is a broken backup as well.
    if (isProblem(error) && error.code === "store.backupBroken") throw error;
    throw broken(file, "it cannot be opened and read", error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return manifest;
}

/** Verifies a backup and puts a copy of it at `target`, which must not exist. Throws like {@link verifyBackup}. */
export async function restoreBackup(
  file: string,
  target: string,
  openFile: OpenDatabase,
): Promise<BackupManifest> {
  const manifest = await verifyBackup(file, openFile);
  const isTaken = await stat(target).then(
    () => true,
    () => false,
  );
  if (isTaken) throw raiseStore("store.backupTarget", { params: { file: target } });
  const unfinished = `${target}.restoring`;
  await copyFile(file, unfinished);
  await sync(unfinished);
  await rename(unfinished, target);
  await sync(dirname(target));
  return manifest;
}

async function checkPages(file: string, driver: Driver, manifest: BackupManifest): Promise<void> {
  try {
    const pages = await driver.query({
      sql: "select * from pragma_integrity_check",
      parameters: [],
    });
    const verdict = String(pages.rows[0]?.["integrity_check"]);
    if (verdict !== "ok") throw broken(file, `the integrity check found: ${verdict}`);
    const orphans = await driver.query({
      sql: "select count(*) as n from pragma_foreign_key_check",
      parameters: [],
    });
    if (orphans.rows[0]?.["n"] !== 0) throw broken(file, "rows refer to rows that are missing");
    const schema = await schemaVersions(driver);
    if (JSON.stringify(schema) !== JSON.stringify(manifest.schema)) {
      throw broken(file, "its schema is not what the manifest says");
    }
  } finally {
    await driver.close();
  }
}

async function readManifest(file: string): Promise<BackupManifest> {
  try {
    const manifest: unknown = JSON.parse(await readFile(manifestOf(file), "utf8"));
    if (typeof manifest === "object" && manifest !== null && "format" in manifest) {
      // Written by this module in this format; a foreign file fails on its hash next.
      if (manifest.format === 1) return manifest as BackupManifest;
    }
  } catch (error) {
    throw broken(file, "its manifest cannot be read", error);
  }
  throw broken(file, "its manifest has a format that this version does not know");
}

function manifestOf(file: string): string {
  return `${file}.json`;
}

function broken(file: string, reason: string, cause?: unknown): Error {
  return raiseStore("store.backupBroken", { params: { file, reason }, cause });
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
