import { isDeepStrictEqual } from "node:util";
import { check, mistakeText } from "../config/index.ts";
import type { Leaf, Mistake } from "../config/index.ts";
import type { SettingChange } from "../contract/index.ts";
import { raiseSettings } from "./errors.ts";
import { isReloadable, mistakesIn } from "./in-force.ts";
import type { PluginSettings, SettingsSources } from "./in-force.ts";
import { pointerOf } from "./patch.ts";
import type { Wanted } from "./patch.ts";
import { rowOf, valueOf } from "./stored.ts";
import type { StoredRows } from "./stored.ts";
import { diffValue } from "./view.ts";

/** What a change is made of. */
export interface Changing {
  readonly sources: SettingsSources;
  readonly all: readonly PluginSettings[];
  readonly rows: StoredRows;
}

/** Rows to write (null: to take away), what they were, and what that moves. */
export interface PlannedChange {
  readonly rows: Readonly<Record<string, string | null>>;
  readonly undo: Readonly<Record<string, string | null>>;
  readonly changes: readonly SettingChange[];
}

/** Decides what is written for the settings that are wanted. Throws `settings.pinned`, `settings.invalid`. */
export function planChange(
  changing: Changing,
  wanted: readonly Wanted[],
  found: readonly Mistake[],
): PlannedChange {
  const mistakes = [...found, ...mistakesOf(changing, wanted)];
  if (mistakes.length > 0) throw invalid(mistakes);
  refusePinned(changing.sources, wanted);
  const rows: Record<string, string | null> = {};
  const undo: Record<string, string | null> = {};
  const changes: SettingChange[] = [];
  for (const { leaf, value } of wanted) {
    const path = leaf.path.join(".");
    const row = changing.rows.get(path);
    const before = row === undefined ? null : storedValue(changing.sources, leaf, row);
    if (isDeepStrictEqual(before, value)) continue;
    undo[path] = row ?? null;
    rows[path] = value === null ? null : rowOf(leaf, value, changing.sources.secrets);
    changes.push({
      path,
      before: diffValue(leaf, before),
      after: diffValue(leaf, value),
      takesEffect: isReloadable(leaf) ? "now" : "restart",
    });
  }
  return { rows, undo, changes };
}

/** What rows of the past ask for. A setting that is gone meanwhile is passed over. */
export function wantedOf(
  { all, sources }: Changing,
  past: Readonly<Record<string, string | null>>,
): readonly Wanted[] {
  const leaves = new Map(
    all.flatMap((each) => each.leaves).map((leaf) => [leaf.path.join("."), leaf]),
  );
  return Object.entries(past).flatMap(([path, row]) => {
    const leaf = leaves.get(path);
    if (leaf === undefined) return [];
    return [{ leaf, value: row === null ? null : storedValue(sources, leaf, row) }];
  });
}

/** Undefined for a row that cannot be read any more: it differs from whatever is wanted. */
function storedValue({ secrets }: SettingsSources, leaf: Leaf, row: string): unknown {
  try {
    return valueOf(leaf, row, secrets);
  } catch {
    return undefined;
  }
}

function mistakesOf(
  { sources, all, rows }: Changing,
  wanted: readonly Wanted[],
): readonly Mistake[] {
  const single = wanted.flatMap(({ leaf, value }) => {
    const mistakes: Mistake[] = [];
    const walk = { path: leaf.path.join("."), pointer: pointerOf(leaf.path), mistakes };
    if (value !== null) check(leaf.schema, value, walk);
    return mistakes;
  });
  if (single.length > 0) return single;
  return all
    .filter(({ plugin }) => wanted.some(({ leaf }) => leaf.path[0] === plugin.id))
    .flatMap((each) =>
      mistakesIn(sources, each, valuesAfter({ sources, all, rows }, each, wanted)),
    );
}

/** What is fine by itself may not fit beside the others: all that a plugin would then be given. */
function valuesAfter(
  { sources, rows }: Changing,
  { leaves }: PluginSettings,
  wanted: readonly Wanted[],
): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  for (const leaf of leaves) {
    const path = leaf.path.join(".");
    const row = path in sources.pinned ? undefined : rows.get(path);
    const stored = row === undefined ? null : storedValue(sources, leaf, row);
    const asked = wanted.find((one) => one.leaf === leaf);
    const value = asked === undefined ? stored : asked.value;
    if (value !== null && value !== undefined) values.set(path, value);
  }
  return values;
}

function refusePinned({ pinned }: SettingsSources, wanted: readonly Wanted[]): void {
  const held = wanted.flatMap(({ leaf }) => {
    const path = leaf.path.join(".");
    const pin = pinned[path];
    return pin === undefined ? [] : [{ path, pointer: pointerOf(leaf.path), from: pin.from }];
  });
  if (held.length === 0) return;
  throw raiseSettings("settings.pinned", {
    params: { list: held.map(({ path, from }) => `${path} is given by ${from}`).join(", ") },
    errors: held.map(({ pointer, from }) => ({ pointer, detail: `given by ${from}` })),
  });
}

function invalid(mistakes: readonly Mistake[]): Error {
  return raiseSettings("settings.invalid", {
    params: { count: mistakes.length },
    errors: mistakes.map((mistake) => ({
      pointer: mistake.pointer ?? "",
      detail: mistakeText(mistake),
    })),
  });
}
