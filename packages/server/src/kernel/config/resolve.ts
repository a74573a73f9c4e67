import { resolve } from "node:path";
import { Type } from "typebox";
import type { TSchema } from "typebox";
import type { Result } from "../../base/index.ts";
import { ok, refused } from "../../base/index.ts";
import type { AnyPlugin } from "../contract/index.ts";
import { check, isPlainObject } from "./check.ts";
import type { Mode, Pin, ResolvedConfig } from "./define.ts";
import type { Given } from "./environment.ts";
import { leavesOf } from "./leaves.ts";
import type { Mistake } from "./mistake.ts";
import { kernelSchema } from "./schema.ts";
import type { KernelSettings } from "./schema.ts";
import { settingsSchema } from "./settings.ts";

/** The whole configuration's schema: the kernel's sections and each plugin's under its id. */
export function wholeSchema(plugins: readonly AnyPlugin[]): TSchema {
  const settings = plugins.map((plugin) => [plugin.id, settingsSchema(plugin)] as const);
  return Type.Object({ ...Object.fromEntries(settings), ...kernelSchema.properties });
}

/** The plugins that a configuration lists; mistakes when what stands there is no plugin. */
export function pluginsOf(
  content: Readonly<Record<string, unknown>>,
  mistakes: Mistake[],
): readonly AnyPlugin[] {
  const listed = content["plugins"] ?? [];
  if (!Array.isArray(listed)) {
    mistakes.push({ path: "plugins", got: typeof listed, expected: "a list of plugins" });
    return [];
  }
  const isPlugin = (value: unknown): value is AnyPlugin =>
    isPlainObject(value) && typeof value["id"] === "string" && typeof value["version"] === "string";
  for (const [index, value] of listed.entries()) {
    if (isPlugin(value)) continue;
    const expected = "a plugin, as definePlugin({ id, version, … }) returns it";
    mistakes.push({ path: `plugins[${index}]`, got: typeof value, expected });
  }
  return listed.filter(isPlugin);
}

/** A copy of an object with a value at a path; undefined takes it away. */
export function setAt(
  target: Record<string, unknown>,
  path: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const [key = "", ...rest] = path;
  const there = target[key];
  const below = isPlainObject(there) ? { ...there } : {};
  return { ...target, [key]: rest.length === 0 ? value : setAt(below, rest, value) };
}

/** What a configuration is put together from. */
export interface Ingredients {
  /** What the file, or an embedding program, says. */
  readonly content: Readonly<Record<string, unknown>>;
  /** Weakest first: variables, then flags. */
  readonly given: readonly Given[];
  /** The built-in plugins, whose settings are validated too. */
  readonly plugins: readonly AnyPlugin[];
  readonly mode: Mode;
  readonly cwd: string;
  /** Folder of the configuration file; `cwd` when left out. */
  readonly configFolder?: string | undefined;
  /** What the content is told to be: `portico.config.ts`; `the embedding program` when left out. */
  readonly contentName?: string | undefined;
}

/** What a path leads to; undefined where it leads nowhere. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const key of path) {
    found = isPlainObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  }
  return found;
}

function pinsOf(parts: Ingredients, schema: TSchema): Readonly<Record<string, Pin>> {
  const from = parts.contentName ?? "the embedding program";
  const inContent = leavesOf(schema).filter(
    ({ path }) => valueAt(parts.content, path) !== undefined,
  );
  const pins = new Map<string, Pin>();
  for (const { path } of inContent) pins.set(path.join("."), { kind: "file", from });
  for (const { path, source, kind = "environment" } of parts.given) {
    pins.set(path.join("."), { kind, from: source });
  }
  return Object.fromEntries(pins);
}

/** Lays the layers over one another, checks the whole and fills in defaults. All mistakes at once. */
export function resolveConfig(parts: Ingredients): Result<ResolvedConfig, readonly Mistake[]> {
  const mistakes: Mistake[] = [];
  const { plugins: _listed, ...sections } = parts.content;
  const own = pluginsOf(parts.content, mistakes);
  const plugins = [...parts.plugins, ...own];
  let raw: Record<string, unknown> = { ...sections };
  for (const one of parts.given) raw = setAt(raw, one.path, one.value);
  const schema = wholeSchema(plugins);
  const isSection = (key: string): boolean => key !== "data" && key !== "organization";
  const names = [...Object.keys(kernelSchema.properties), ...plugins.map((plugin) => plugin.id)];
  for (const name of names) if (isSection(name)) raw[name] ??= {};
  const checked = check(schema, raw, { path: "", mistakes });
  if (mistakes.length > 0) return refused(mistakes);
  // `check` found nothing wrong, so the value has the schema's type.
  const whole = checked as KernelSettings & Readonly<Record<string, unknown>>;
  const { mode, cwd, configFolder = cwd } = parts;
  const pinned = pinsOf(parts, schema);
  return ok(finish(whole, { plugins, own, mode, cwd, configFolder, pinned }));
}

interface Finish {
  readonly plugins: readonly AnyPlugin[];
  readonly own: readonly AnyPlugin[];
  readonly mode: Mode;
  readonly cwd: string;
  readonly configFolder: string;
  readonly pinned: Readonly<Record<string, Pin>>;
}

function finish(
  whole: KernelSettings & Readonly<Record<string, unknown>>,
  { plugins, own, mode, cwd, configFolder, pinned }: Finish,
): ResolvedConfig {
  const { server, database, organization, log, outbound, keyring } = whole;
  const { publicUrl } = server;
  const trimmed = publicUrl === undefined ? {} : { publicUrl: publicUrl.replace(/\/+$/, "") };
  return {
    mode,
    server: { ...server, ...trimmed },
    database,
    organization,
    log,
    outbound,
    keyring: keyring.file === undefined ? {} : { file: resolve(cwd, keyring.file) },
    data: whole.data === ":memory:" ? whole.data : resolve(cwd, whole.data),
    configFolder,
    plugins: own,
    pinned,
    settings: Object.fromEntries(plugins.map((plugin) => [plugin.id, whole[plugin.id]])),
  };
}
