import type { AnyPlugin, CheckResult } from "../kernel/contract/index.ts";
import type { ResolvedConfig } from "../kernel/config/index.ts";
import type { Driver, SchemaOwner } from "../kernel/store/index.ts";
import type { Server } from "../platform.ts";

/** A check with the id of who made it. */
export interface NamedCheck extends CheckResult {
  readonly id: string;
  /** True when `portico doctor --fix` can put it right by itself. */
  readonly isFixable?: boolean;
}

/** A database with its folder locked and nothing running: for migrations. */
export interface Installation {
  readonly driver: Driver;
  readonly owners: readonly SchemaOwner[];
  close(): Promise<void>;
}

/** What the command line needs of the platform; loaded only by commands that need it. */
export interface PlatformDoor {
  readonly version: string;
  readonly plugins: readonly AnyPlugin[];
  /** Opens, migrates and assembles; nothing runs yet. Takes the data folder's lock. */
  readonly assemble: (config: ResolvedConfig) => Promise<Server>;
  readonly open: (config: ResolvedConfig) => Promise<Installation>;
  /** Opens a SQLite file that is no installation: a backup. */
  readonly openFile: (file: string) => Promise<Driver>;
}
