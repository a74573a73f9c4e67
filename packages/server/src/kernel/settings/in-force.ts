import { isDeepStrictEqual } from "node:util";
import { check, leavesOf, setAt, settingsSchema, valueAt } from "../config/index.ts";
import type { Leaf, Mistake, Pin } from "../config/index.ts";
import type { AnyPlugin, Logger, Secrets } from "../contract/index.ts";
import { valueOf } from "./stored.ts";
import type { StoredRows } from "./stored.ts";

/** What settings are put together from. */
export interface SettingsSources {
  readonly plugins: readonly AnyPlugin[];
  /** Settings by plugin id, validated, with defaults: all layers but the stored one. */
  readonly given: Readonly<Record<string, unknown>>;
  /** What of them is no default. */
  readonly pinned: Readonly<Record<string, Pin>>;
  readonly secrets: Secrets;
  readonly logger: Pick<Logger, "warn">;
  /** True to start as if nothing were stored. */
  readonly isIgnored: boolean;
}

/** A plugin's settings with the places that can be stored. */
export interface PluginSettings {
  readonly plugin: AnyPlugin;
  /** Paths begin with the plugin's id. */
  readonly leaves: readonly Leaf[];
}

/** Stored values by dotted path. */
export type StoredValues = ReadonlyMap<string, unknown>;

/** The plugins that have settings at all. */
export function pluginSettings(plugins: readonly AnyPlugin[]): readonly PluginSettings[] {
  return plugins.flatMap((plugin) => {
    const leaves = leavesOf(settingsSchema(plugin), [plugin.id]);
    const own = leaves.filter(({ path }) => path.length > 1);
    return own.length === 0 ? [] : [{ plugin, leaves: own }];
  });
}

/** Whether a change of this setting is in force at once: `reload: true` in its schema. */
export function isReloadable({ schema }: Leaf): boolean {
  return "reload" in schema && schema.reload === true;
}

/** Whether a setting may be stored at all: not with `stored: false` in its schema. */
export function isStorable({ schema }: Leaf): boolean {
  return !("stored" in schema && schema.stored === false);
}

/**
 * The stored values that count: of settings that there are, that nothing stronger gives, and that fit. What does not fit
 * (any longer, after an update) is told and passed over: a server must start all the same.
 */
export function usableValues(
  sources: SettingsSources,
  all: readonly PluginSettings[],
  rows: StoredRows,
): StoredValues {
  const values = new Map<string, unknown>();
  if (sources.isIgnored) return values;
  for (const { plugin, leaves } of all) {
    const own = new Map<string, unknown>();
    for (const leaf of leaves) {
      const path = leaf.path.join(".");
      const row = rows.get(path);
      if (row === undefined || path in sources.pinned || !isStorable(leaf)) continue;
      const read = readRow(sources, leaf, row);
      if (read !== undefined) own.set(path, read.value);
    }
    const mistakes = mistakesIn(sources, { plugin, leaves }, own);
    if (mistakes.length === 0) for (const [path, value] of own) values.set(path, value);
    else
      sources.logger.warn({ plugin: plugin.id, mistakes }, "stored settings do not fit together");
  }
  return values;
}

function readRow(
  { secrets, logger }: SettingsSources,
  leaf: Leaf,
  row: string,
): { readonly value: unknown } | undefined {
  const path = leaf.path.join(".");
  try {
    const value = valueOf(leaf, row, secrets);
    const mistakes: Mistake[] = [];
    check(leaf.schema, value, { path, mistakes });
    if (mistakes.length === 0) return { value };
    logger.warn({ mistakes }, "a stored setting does not fit its schema and is passed over");
  } catch (error) {
    logger.warn({ err: error, path }, "a stored setting cannot be read and is passed over");
  }
  return undefined;
}

/** What is wrong with a plugin's settings once these values lie over them. */
export function mistakesIn(
  { given }: Pick<SettingsSources, "given">,
  { plugin, leaves }: PluginSettings,
  values: StoredValues,
): readonly Mistake[] {
  if (values.size === 0) return [];
  const mistakes: Mistake[] = [];
  const whole = overlay(given[plugin.id], leaves, values);
  check(settingsSchema(plugin), whole, {
    path: plugin.id,
    pointer: `/${plugin.id}`,
    mistakes,
  });
  return mistakes;
}

/** Settings with stored values over them; the very same object where there are none. */
export function overlay(
  given: unknown,
  leaves: readonly Leaf[],
  values: StoredValues,
): Readonly<Record<string, unknown>> {
  // Accepted by an object schema, as every plugin's settings are.
  let settings = (given ?? {}) as Record<string, unknown>;
  for (const leaf of leaves) {
    const path = leaf.path.join(".");
    if (values.has(path)) settings = setAt(settings, leaf.path.slice(1), values.get(path));
  }
  return settings;
}

/** The value of a setting within its plugin's settings. */
export function valueOfLeaf(settings: unknown, leaf: Leaf): unknown {
  return valueAt(settings, leaf.path.slice(1));
}

/** Whether two sets of stored values say the same of these settings. */
export function isSame(leaves: readonly Leaf[], one: StoredValues, other: StoredValues): boolean {
  return leaves.every((leaf) => {
    const path = leaf.path.join(".");
    return one.has(path) === other.has(path) && isDeepStrictEqual(one.get(path), other.get(path));
  });
}
