import { openSqlite } from "../drivers/sqlite/index.ts";
import { schemaOwners } from "../kernel/app/index.ts";
import type { ResolvedConfig } from "../kernel/config/index.ts";
import { openDataFolder } from "../kernel/data/index.ts";
import type { Driver } from "../kernel/store/index.ts";
import { builtIns, keyringOf, openServer } from "../platform.ts";
import { VERSION } from "../version.ts";
import type { Installation, PlatformDoor } from "./platform-door.ts";

/** One set for reading settings, commands and tables; a server that is assembled makes its own. */
const plugins = builtIns();

async function openDriver(config: ResolvedConfig, file: string): Promise<Driver> {
  const { url } = config.database;
  if (url === undefined) return openSqlite({ file });
  const { openPostgres } = await import("../drivers/postgres/index.ts");
  return openPostgres({ url, applicationName: "portico migrate" });
}

async function open(config: ResolvedConfig): Promise<Installation> {
  const folder = config.data === ":memory:" ? undefined : openDataFolder(config.data);
  try {
    // Before the database is there: the first migration of a folder makes the whole installation.
    keyringOf(config, folder);
    const driver = await openDriver(config, folder?.database ?? ":memory:");
    const close = async (): Promise<void> => {
      await driver.close();
      folder?.release();
    };
    return { driver, owners: schemaOwners([...plugins, ...config.plugins]), close };
  } catch (error) {
    folder?.release();
    throw error;
  }
}

/** The platform as the command line uses it. */
export const platform: PlatformDoor = {
  version: VERSION,
  plugins,
  assemble: openServer,
  open,
  openFile: (file) => openSqlite({ file }),
};
