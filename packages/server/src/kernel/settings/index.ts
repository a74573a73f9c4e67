/**
 * The settings while the server runs. What administrators store lies between the defaults and the configuration file; what
 * a file, a variable or a flag gives is *pinned* and never overridden. A plugin says `reload: true` in the schema of
 * a setting that it reads anew at each use (`ctx.settings`); all others take effect at the next start. Values are checked by
 * the plugins' own schemas, secrets are sealed and never shown, and the last change can be taken back once. Every
 * process follows by the change feed. Emits nothing; its writes are part of the caller's transaction.
 */
export { settingsErrors } from "./errors.ts";
export { createSettings } from "./settings.ts";
export type { RunningSettings, SettingsOptions } from "./settings.ts";
export { settingsSchema } from "./tables.ts";
