import { basename, dirname } from "node:path";
import type { Result } from "../../base/index.ts";
import { ok, refused } from "../../base/index.ts";
import type { AnyPlugin } from "../contract/index.ts";
import type { Mode, ResolvedConfig } from "./define.ts";
import { coerce, readEnvironment } from "./environment.ts";
import type { Given } from "./environment.ts";
import { readConfigFile } from "./file.ts";
import { flattenLayers, readLayers } from "./layers.ts";
import { leavesOf } from "./leaves.ts";
import type { Leaf } from "./leaves.ts";
import type { Mistake } from "./mistake.ts";
import { pluginsOf, resolveConfig, wholeSchema } from "./resolve.ts";

/** Where a configuration is looked for. */
export interface LoadOptions {
  readonly cwd: string;
  /** Path of the file; `portico.config.{ts,js,mjs,json}` of the folder when left out. */
  readonly file?: string | undefined;
  /** Usually `process.env`. */
  readonly env: NodeJS.ProcessEnv;
  /** Command-line flags by dotted path: `{ "server.port": "8080" }`. Text is read as the setting's type. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly mode: Mode;
  /** The built-in plugins. */
  readonly plugins?: readonly AnyPlugin[];
}

/** A loaded configuration, and where each value that is no default came from. */
export interface LoadedConfig {
  readonly config: ResolvedConfig;
  /** The file that was read, if there was one. */
  readonly file: string | undefined;
  /** Dotted path → `PORT in .env`, `--port`, `portico.config.ts`. What is not listed is a default. */
  readonly sources: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

function fromFlags(flags: LoadOptions["flags"], leaves: readonly Leaf[]): readonly Given[] {
  return Object.entries(flags ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([dotted, value]) => {
      const leaf = leaves.find((one) => one.path.join(".") === dotted);
      const typed =
        leaf !== undefined && typeof value === "string" ? coerce(leaf.schema, value) : value;
      return {
        path: dotted.split("."),
        value: typed,
        source: `flag for ${dotted}`,
        kind: "flag" as const,
      };
    });
}

function fileSources(
  leaves: readonly Leaf[],
  content: Readonly<Record<string, unknown>>,
  name: string,
): Record<string, string> {
  const sources: Record<string, string> = {};
  for (const leaf of leaves) {
    let value: unknown = content;
    for (const key of leaf.path) {
      value = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
    }
    if (value !== undefined) sources[leaf.path.join(".")] = name;
  }
  return sources;
}

/** Puts the source to each mistake, where the place of one begins with the place of the other. */
function withSources(
  mistakes: readonly Mistake[],
  sources: Readonly<Record<string, string>>,
  name: string | undefined,
): readonly Mistake[] {
  return mistakes.map((mistake) => {
    if (mistake.source !== undefined) return mistake;
    const place = Object.keys(sources).find(
      (path) => mistake.path === path || mistake.path.startsWith(`${path}[`),
    );
    const source = place === undefined ? name : sources[place];
    return source === undefined || mistake.path === source ? mistake : { ...mistake, source };
  });
}

/**
 * Loads the configuration: flag over environment over `.env.local` over `.env` over file over default. Refused with
 * every mistake at once; the caller ends with exit code 78.
 *
 * @example
 * const loaded = await loadConfig({ cwd: process.cwd(), env: process.env, mode: "production", plugins });
 * if (!loaded.ok) for (const mistake of loaded.reason) console.error(mistakeText(mistake));
 */
export async function loadConfig(
  options: LoadOptions,
): Promise<Result<LoadedConfig, readonly Mistake[]>> {
  const { cwd, mode, plugins = [] } = options;
  const layers = readLayers(cwd, options.env);
  const asked = options.file ?? options.env["PORTICO_CONFIG"];
  const read = await readConfigFile(cwd, asked, { mode, env: flattenLayers(layers) });
  const mistakes: Mistake[] = read.ok ? [] : [read.reason];
  const { file, content } = read.ok ? read.value : { file: undefined, content: {} };
  // The plugins' mistakes are reported by `resolveConfig`; here only their settings' names are wanted.
  const leaves = leavesOf(wholeSchema([...plugins, ...pluginsOf(content, [])]));
  const environment = readEnvironment(leaves, layers);
  const given = [...environment.given, ...fromFlags(options.flags, leaves)];
  const name = file === undefined ? undefined : basename(file);
  const sources = name === undefined ? {} : fileSources(leaves, content, name);
  for (const one of given) sources[one.path.join(".")] = one.source;
  const configFolder = file === undefined ? undefined : dirname(file);
  const resolved = resolveConfig({
    content,
    given,
    plugins,
    mode,
    cwd,
    configFolder,
    contentName: name,
  });
  mistakes.push(...environment.mistakes);
  // Without its file, a configuration would be blamed for what only the file could have said.
  if (!resolved.ok && read.ok) mistakes.push(...withSources(resolved.reason, sources, name));
  if (mistakes.length > 0 || !resolved.ok) return refused(mistakes);
  return ok({ config: resolved.value, file, sources, warnings: environment.warnings });
}
