import { existsSync, renameSync } from "node:fs";
import { resolve } from "node:path";
import { toRfc3339 } from "../../base/index.ts";
import { openDataFolder } from "../../kernel/data/index.ts";
import { restoreBackup, verifyBackup } from "../../kernel/store/index.ts";
import { withProgress } from "../progress.ts";
import { readConfiguration } from "../configuration.ts";
import { raise } from "../errors.ts";
import type { PlatformDoor } from "../platform-door.ts";
import { ask } from "../terminal.ts";
import type { Globals, Output } from "../terminal.ts";

/** Moves the database aside with its journal, and returns where to, or null when there is none. */
function setAside(database: string): string | null {
  if (!existsSync(database)) return null;
  const safe = `${database}.before-restore-${toRfc3339(Date.now()).replaceAll(/[:.]/g, "-")}`;
  // The journal first: a database without its journal is older, one with a foreign journal is broken.
  for (const part of ["-wal", "-shm", ""]) {
    if (existsSync(database + part)) renameSync(database + part, safe + part);
  }
  return safe;
}

async function confirm(globals: Globals, folder: string): Promise<void> {
  const text = `Replace the database in ${folder} (yes/no)?`;
  if (globals.yes) return;
  const answer = await ask({ text, fallback: "no", flag: "--yes" }, globals);
  if (answer === "yes") return;
  throw raise("cli.usage", {
    params: { what: "Nothing was restored.", help: "portico restore --help" },
  });
}

/**
 * `portico restore <file>`: with no server on the folder, verifies the backup, sets the present database aside and puts
 * a copy of the backup in its place.
 */
export async function restore(
  platform: PlatformDoor,
  globals: Globals,
  asked: string,
): Promise<Output> {
  const { plugins } = platform;
  const { config } = await readConfiguration(globals, { mode: "production", plugins });
  if (config.database.url !== undefined) {
    throw raise("cli.postgresOnly", { params: { command: "restore" } });
  }
  if (config.data === ":memory:") throw raise("cli.memoryOnly", { params: { command: "restore" } });
  const file = resolve(globals.cwd, asked);
  const folder = openDataFolder(config.data);
  try {
    await withProgress(globals, (report) => verifyBackup(file, platform.openFile, report));
    await confirm(globals, folder.folder);
    const kept = setAside(folder.database);
    const manifest = await restoreBackup(file, folder.database, platform.openFile);
    const aside = kept === null ? "" : `\nthe database that was there is ${kept}`;
    const text = `restored ${file} (${manifest.at}) to ${folder.database}${aside}`;
    return { data: { file, database: folder.database, kept, ...manifest }, text };
  } finally {
    folder.release();
  }
}
