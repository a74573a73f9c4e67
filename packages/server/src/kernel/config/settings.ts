import type { AnyPlugin } from "../contract/index.ts";
import { Type } from "typebox";
import type { TSchema } from "typebox";
import type { Result } from "../../base/index.ts";
import { ok, refused } from "../../base/index.ts";
import { check } from "./check.ts";
import type { Mistake } from "./mistake.ts";

/** The schema of a plugin's settings; a plugin without settings takes none. */
export function settingsSchema(plugin: AnyPlugin): TSchema {
  return plugin.settings ?? Type.Object({});
}

/**
 * Validates what was given for each plugin against the plugin's own schema and fills in defaults. `raw` is keyed by
 * plugin id; ids that no plugin has are mistakes. Refused with all mistakes at once.
 *
 * @example
 * const checked = validateSettings([notes], { notes: { maxLength: 500 } });
 */
export function validateSettings(
  plugins: readonly AnyPlugin[],
  raw: Readonly<Record<string, unknown>>,
): Result<Readonly<Record<string, unknown>>, readonly Mistake[]> {
  const mistakes: Mistake[] = [];
  const schemas = plugins.map((plugin) => [plugin.id, settingsSchema(plugin)] as const);
  const whole = Type.Object(Object.fromEntries(schemas));
  const given = Object.fromEntries(plugins.map((plugin) => [plugin.id, raw[plugin.id] ?? {}]));
  const settings = check(whole, { ...raw, ...given }, { path: "", mistakes });
  // `check` was given an object schema and an object, so it made an object.
  return mistakes.length > 0 ? refused(mistakes) : ok(settings as Record<string, unknown>);
}
