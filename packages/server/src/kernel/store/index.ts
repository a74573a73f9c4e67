export { checkBinding } from "./binding.ts";
export type {
  AppendRefusal,
  Driver,
  DriverResult,
  DriverStatement,
  DriverTransaction,
  Election,
} from "./driver.ts";
export { raiseStore, storeErrors } from "./errors.ts";
export type {
  AppendSession,
  SchemaOwner,
  StoreHub,
  TxSession,
  WriteContext,
  Writers,
} from "./hub.ts";
