import { chmodSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { raise } from "./errors.ts";

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
}

/**
 * Holds `lock.db` by an exclusive transaction that is never committed. The system lets go of it when the process ends,
 * however it ends, so there is no stale lock to clean up. Nothing is ever written to the file. Returns the release.
 */
export function takeLock(paths: { readonly lock: string; readonly folder: string }): () => void {
  const { folder } = paths;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(paths.lock, { timeout: 0 });
    chmodSync(paths.lock, 0o600);
    database.exec("begin exclusive");
  } catch (cause) {
    database?.close();
    if (isBusy(cause)) throw raise("data.locked", { params: { folder }, cause });
    const why = cause instanceof Error ? cause.message : String(cause);
    throw raise("data.unusable", { params: { folder, why }, cause });
  }
  const held = database;
  return () => {
    if (held.isOpen) held.close();
  };
}
