import { chmodSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { socketPath } from "./address.ts";
import { raise } from "./errors.ts";
import { takeLock } from "./lock.ts";

/** Where everything of one installation lies. All paths are absolute. */
export interface DataPaths {
  readonly folder: string;
  /** The truth. */
  readonly database: string;
  /** The request log, capped. */
  readonly requests: string;
  readonly lock: string;
  /** A unix socket, or a named pipe on Windows. */
  readonly controlSocket: string;
  readonly blobs: string;
  readonly keyring: string;
}

/** A data folder that this process holds alone until `release`, or until it dies. */
export interface DataFolder extends DataPaths {
  release(): void;
}

/** The layout, without touching the disk. */
export function dataPaths(path: string): DataPaths {
  const folder = resolve(path);
  return {
    folder,
    database: join(folder, "portico.db"),
    requests: join(folder, "requests.db"),
    lock: join(folder, "lock.db"),
    controlSocket: socketPath(folder),
    blobs: join(folder, "blobs"),
    keyring: join(folder, "keyring.json"),
  };
}

function makeFolders(paths: DataPaths): void {
  try {
    mkdirSync(paths.blobs, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw raise("data.unusable", { params: { folder: paths.folder, why }, cause });
  }
  try {
    chmodSync(paths.folder, 0o700);
  } catch {
    // A mounted volume may belong to another user; the files within are private by their own modes.
  }
}

/**
 * Makes the folder (0700) if it is not there and takes its lock. Throws `data.locked` when another process, or another
 * server in this one, holds it, and `data.unusable` when it cannot be made or written.
 *
 * @example
 * const folder = openDataFolder("./.portico");
 * // … folder.database, folder.keyring …
 * folder.release();
 */
export function openDataFolder(path: string): DataFolder {
  const paths = dataPaths(path);
  makeFolders(paths);
  return { ...paths, release: takeLock(paths) };
}
