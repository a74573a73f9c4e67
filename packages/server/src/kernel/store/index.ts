export { backupDatabase, restoreBackup, verifyBackup } from "./backup.ts";
export type { BackupManifest, BackupOptions, OpenDatabase } from "./backup.ts";
export { checkBinding } from "./binding.ts";
export { createChangeFeed, EVERYTHING } from "./changes.ts";
export type { ChangeFeedOptions, RunningChangeFeed } from "./changes.ts";
export { createStoreHub } from "./create-hub.ts";
export type { StoreHubOptions } from "./create-hub.ts";
export type {
  AppendRefusal,
  Driver,
  DriverResult,
  DriverStatement,
  DriverTransaction,
  Election,
} from "./driver.ts";
export { raiseStore, storeErrors } from "./errors.ts";
export { TransactionHandle } from "./handle.ts";
export type {
  AppendSession,
  Beside,
  SchemaOwner,
  StoreHub,
  TxSession,
  WriteContext,
  Writers,
} from "./hub.ts";
export { migrate, planMigrations, schemaVersions } from "./migrate.ts";
export type { MigrateOptions, MigrationName } from "./migrate.ts";
export { statement } from "./statement.ts";
export type { StatementUse } from "./statement.ts";
