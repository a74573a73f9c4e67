import type { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, mkdtemp, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isProblem, toRfc3339 } from "../../base/index.ts";
import type { Clock } from "../../base/index.ts";
import type { Report } from "../contract/index.ts";
import type { Driver } from "./driver.ts";
import { raiseStore } from "./errors.ts";
import { schemaVersions } from "./migrate.ts";

const PIECE_BYTES = 1_048_576;
const LOOK_MS = 200;
/** Close enough: free pages are left out of a copy. */
const SIZE = "select page_count * page_size as bytes from pragma_page_count, pragma_page_size";

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
  /** Told of the bytes copied and then of those hashed. */
  readonly report?: Report;
}

/** Opens a database file; the caller knows the driver. */
export type OpenDatabase = (file: string) => Promise<Driver>;

/**
 * Copies the database while it serves and writes the manifest beside it. It is not verified yet: see
 * {@link verifyBackup}. Throws `store.backupTarget`, and `store.backupElsewhere` on PostgreSQL.
 */
export async function backupDatabase(options: BackupOptions): Promise<BackupManifest> {
  const { driver, file, version, clock, report } = options;
  await watchCopy(options, driver.backup(file));
  const manifest: BackupManifest = {
    format: 1,
    sha256: await hashFile(file, report && { doing: "hashing", report }),
    bytes: (await stat(file)).size,
    at: toRfc3339(clock.now()),
    version,
    schema: await schemaVersions(driver),
  };
  await writeFile(manifestOf(file), `${JSON.stringify(manifest, null, 2)}\n`, { flush: true });
  return manifest;
}

/** The database writes the copy by itself; how far it is shows in the size of the file. */
async function watchCopy(
  { driver, file, report, clock }: BackupOptions,
  copied: Promise<void>,
): Promise<void> {
  if (report === undefined) {
    await copied;
    return;
  }
  const { rows } = await driver.query({ sql: SIZE, parameters: [] });
  const total = Number(rows[0]?.["bytes"]);
  let cancel = (): void => undefined;
  const look = (): void => {
    cancel = clock.after(LOOK_MS, () => {
      void stat(file)
        .then(({ size }) => report({ doing: "copying", done: size, total, unit: "bytes" }))
        // Not there yet: the copy has not begun.
        .catch(() => undefined);
      look();
    });
  };
  look();
  try {
    await copied;
  } finally {
    cancel();
  }
}

/**
 * Compares a backup with its manifest, then opens a copy of it and lets the database check every page and reference.
 * Throws `store.backupBroken` with the reason.
 */
export async function verifyBackup(
  file: string,
  openFile: OpenDatabase,
  report?: Report,
): Promise<BackupManifest> {
  const manifest = await readManifest(file);
  const verifying = report && { doing: "verifying", report };
  const sha256 = await hashFile(file, verifying).catch((error: unknown) => {
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

interface Told {
  readonly doing: string;
  readonly report: Report;
}

async function hashFile(file: string, told?: Told): Promise<string> {
  const hash = createHash("sha256");
  const total = told === undefined ? 0 : (await stat(file)).size;
  let done = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: PIECE_BYTES })) {
    // A stream without an encoding gives buffers.
    const piece = chunk as Buffer;
    hash.update(piece);
    done += piece.length;
    told?.report({ doing: told.doing, done, total, unit: "bytes" });
  }
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
