import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { toRfc3339 } from "../../base/index.ts";
import { verifyBackup } from "../../kernel/store/index.ts";
import type { BackupManifest } from "../../kernel/store/index.ts";
import { readConfiguration } from "../configuration.ts";
import type { PlatformDoor } from "../platform-door.ts";
import { withProgress } from "../progress.ts";
import { runTask } from "../session.ts";
import type { Globals, Output } from "../terminal.ts";

function describe(verb: string, file: string, manifest: BackupManifest): Output {
  const { bytes, sha256 } = manifest;
  return {
    data: { file, ...manifest },
    text: `${verb} ${file}\n${bytes} bytes, sha256 ${sha256}, ${manifest.at}`,
  };
}

/** `portico backup create [file]`: a copy of the database while it serves, verified before it is called a backup. */
export async function backupCreate(
  platform: PlatformDoor,
  globals: Globals,
  asked: string | undefined,
): Promise<Output> {
  const { plugins } = platform;
  const { config } = await readConfiguration(globals, { mode: "production", plugins });
  const stamp = toRfc3339(Date.now()).replaceAll(/[:.]/g, "-");
  const file = resolve(globals.cwd, asked ?? join(config.data, "backups", `portico-${stamp}.db`));
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const manifest = await withProgress(globals, async (report) => {
    await runTask({ platform, config, report }, "backup.create", { file });
    return await verifyBackup(file, platform.openFile, report);
  });
  const hint = "The keyring is not in it. Keep a copy of keyring.json apart from the backup.";
  return { ...describe("wrote and verified", file, manifest), hint };
}

/** `portico backup verify <file>`: compares with the manifest and lets SQLite check every page of a copy. */
export async function backupVerify(
  platform: PlatformDoor,
  globals: Globals,
  asked: string,
): Promise<Output> {
  const file = resolve(globals.cwd, asked);
  const manifest = await withProgress(globals, (report) =>
    verifyBackup(file, platform.openFile, report),
  );
  return describe("verified", file, manifest);
}
