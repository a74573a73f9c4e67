import { loadConfig, mistakeText } from "../kernel/config/index.ts";
import type { LoadedConfig, Mistake, Mode } from "../kernel/config/index.ts";
import { configErrors } from "../kernel/config/index.ts";
import { raiser } from "../base/index.ts";
import type { Problem } from "../base/index.ts";
import type { AnyPlugin } from "../kernel/contract/index.ts";
import { hint } from "./terminal.ts";
import type { Globals } from "./terminal.ts";

const raise = raiser(configErrors);

/** All mistakes of a configuration as one problem, exit code 78. */
function invalidConfig(mistakes: readonly Mistake[]): Problem {
  const errors = mistakes.map((mistake) => ({
    pointer: mistake.path,
    detail: mistakeText(mistake).slice(mistake.path.length + 2),
  }));
  const count = `${mistakes.length} ${mistakes.length === 1 ? "mistake" : "mistakes"}`;
  return raise("config.invalid", { params: { count }, errors });
}

/** What a command adds to the configuration. */
export interface ConfigurationOptions {
  readonly mode: Mode;
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly plugins: readonly AnyPlugin[];
}

/** The configuration of the folder, or `config.invalid` with every mistake. Warnings go to stderr. */
export async function readConfiguration(
  globals: Globals,
  options: ConfigurationOptions,
): Promise<LoadedConfig> {
  const { cwd, config: file } = globals;
  const loaded = await loadConfig({ ...options, cwd, file, env: process.env });
  if (!loaded.ok) throw invalidConfig(loaded.reason);
  for (const warning of loaded.value.warnings) hint(`warning: ${warning}`, globals);
  return loaded.value;
}
