export { defineConfig } from "./define.ts";
export { check, isPlainObject } from "./check.ts";
export type {
  ConfigContext,
  ConfigInput,
  ConfigSource,
  Mode,
  Pin,
  ResolvedConfig,
} from "./define.ts";
export { configErrors } from "./errors.ts";
export { loadConfig } from "./load.ts";
export type { LoadedConfig, LoadOptions } from "./load.ts";
export { leavesOf } from "./leaves.ts";
export type { Leaf } from "./leaves.ts";
export { mistakeText } from "./mistake.ts";
export type { Mistake } from "./mistake.ts";
export { nearest } from "./nearest.ts";
export { kernelOf, printConfig, REDACTED, redactBySchema, secretsOf } from "./print.ts";
export type { PrintedSetting } from "./print.ts";
export { resolveConfig, setAt, valueAt } from "./resolve.ts";
export type { Ingredients } from "./resolve.ts";
export { kernelSchema, secrecyOf, secret } from "./schema.ts";
export type { KernelSettings } from "./schema.ts";
export { settingsSchema, validateSettings } from "./settings.ts";
