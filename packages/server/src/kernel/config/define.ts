import type { AnyPlugin } from "../contract/index.ts";
import type { KernelSettings } from "./schema.ts";

/** How the server runs: `portico start`, `portico dev`, or under a test. */
export type Mode = "production" | "development" | "test";

type Loose<TValue> = TValue extends readonly unknown[]
  ? TValue
  : TValue extends object
    ? { readonly [TKey in keyof TValue]?: Loose<TValue[TKey]> | undefined }
    : TValue;

/**
 * What may stand in `portico.config.ts`: the kernel's sections, `plugins`, and for each plugin, under its id, that
 * plugin's own settings. Types are checked here, names of settings when the server starts (all mistakes at once).
 */
export interface ConfigInput extends Loose<KernelSettings> {
  /** Plugins beside the built-in ones. */
  readonly plugins?: readonly AnyPlugin[];
  readonly [pluginId: string]: unknown;
}

/** What a configuration written as a function is given. */
export interface ConfigContext {
  readonly mode: Mode;
  /** The environment with `.env` and `.env.local` laid under it. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Every form a configuration may have. */
export type ConfigSource =
  | ConfigInput
  | Promise<ConfigInput>
  | ((context: ConfigContext) => ConfigInput | Promise<ConfigInput>);

/** A setting whose value something other than its default gave. */
export interface Pin {
  readonly kind: "file" | "environment" | "flag";
  /** As told to people: `portico.config.ts`, `PORT in .env`, `flag for server.port`. */
  readonly from: string;
}

/** A configuration after validation: every default filled in, every plugin's settings under its id. */
export interface ResolvedConfig extends KernelSettings {
  readonly mode: Mode;
  /** Absolute path of the data folder; `:memory:` keeps everything in memory. */
  readonly data: string;
  /** Folder that relative paths in plugins' settings begin at: the configuration file's, else the working directory. */
  readonly configFolder: string;
  /** The plugins that the configuration adds to the built-in ones. */
  readonly plugins: readonly AnyPlugin[];
  /** Settings by plugin id, validated against the plugin's own schema. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Dotted path of a setting → what gave its value. What is not listed is a default. */
  readonly pinned: Readonly<Record<string, Pin>>;
}

/**
 * Gives a configuration its type. An object, a promise of one, or a function of mode and environment.
 *
 * @example
 * export default defineConfig({
 *   server: { port: 8080 },
 *   gateway: { apis: [{ id: "invoices", upstream: "http://127.0.0.1:3000" }] },
 * });
 *
 * @example
 * export default defineConfig(({ mode }) => ({ log: { level: mode === "production" ? "info" : "debug" } }));
 */
export function defineConfig<TSource extends ConfigSource>(source: TSource): TSource {
  return source;
}
