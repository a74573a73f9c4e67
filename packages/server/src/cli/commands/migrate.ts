import { migrate, planMigrations, schemaVersions } from "../../kernel/store/index.ts";
import type { MigrationName } from "../../kernel/store/index.ts";
import { readConfiguration } from "../configuration.ts";
import type { Installation, PlatformDoor } from "../platform-door.ts";
import { withProgress } from "../progress.ts";
import { table } from "../terminal.ts";
import type { Globals, Output } from "../terminal.ts";

function names(steps: readonly MigrationName[]): string {
  return table(steps.map(({ owner, migration }) => [owner, migration]));
}

async function plan(platform: PlatformDoor, { driver, owners }: Installation): Promise<Output> {
  const pending = await planMigrations({ driver, owners, version: platform.version });
  const text = pending.length === 0 ? "Nothing to migrate." : names(pending);
  return { data: { pending }, text };
}

async function status(platform: PlatformDoor, open: Installation): Promise<Output> {
  const { driver, owners } = open;
  const pending = await planMigrations({ driver, owners, version: platform.version });
  const isEmpty = pending.length > 0 && (await plannedAll(open, pending));
  const versions = isEmpty ? {} : await schemaVersions(driver);
  const rows = Object.entries(versions);
  const text = [table(rows), `${pending.length} pending`].filter((part) => part !== "").join("\n");
  return { data: { versions, pending }, text };
}

/** True before the first migration, when the table that remembers them is not there yet. */
async function plannedAll(
  { owners }: Installation,
  pending: readonly MigrationName[],
): Promise<boolean> {
  const declared = owners.reduce((sum, owner) => sum + (owner.migrations?.length ?? 0), 0);
  return pending.length > declared;
}

async function up(
  platform: PlatformDoor,
  { driver, owners }: Installation,
  globals: Globals,
): Promise<Output> {
  const { version } = platform;
  const applied = await withProgress(globals, (report) =>
    migrate({ driver, owners, version, report }),
  );
  const text = applied.length === 0 ? "Nothing to migrate." : names(applied);
  return { data: { applied }, text };
}

const WAYS = { plan, status, up } as const;

/** `portico migrate [plan|status|up]`, with the data folder locked and no server running; `up` when left out. */
export async function migrateCommand(
  platform: PlatformDoor,
  globals: Globals,
  way: keyof typeof WAYS,
): Promise<Output> {
  const { plugins } = platform;
  const { config } = await readConfiguration(globals, { mode: "production", plugins });
  const open = await platform.open(config);
  try {
    return await WAYS[way](platform, open, globals);
  } finally {
    await open.close();
  }
}
