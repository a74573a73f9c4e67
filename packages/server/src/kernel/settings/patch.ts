import { REDACTED, secrecyOf } from "../config/index.ts";
import type { Leaf, Mistake } from "../config/index.ts";
import { isPlainObject, nearest } from "../config/index.ts";
import type { SettingsPatch } from "../contract/index.ts";
import { isStorable } from "./in-force.ts";
import type { PluginSettings } from "./in-force.ts";
import { hidesSecret } from "./stored.ts";

/** One setting that a patch names. */
export interface Wanted {
  readonly leaf: Leaf;
  /** Null: back to the default. */
  readonly value: unknown;
}

/** What a patch asks for, and what of it is no setting. */
export interface ReadPatch {
  readonly wanted: readonly Wanted[];
  readonly mistakes: readonly Mistake[];
}

/** Takes a patch apart into single settings. `fixed` are the sections that are never stored. */
export function readPatch(
  patch: SettingsPatch,
  all: readonly PluginSettings[],
  fixed: readonly string[],
): ReadPatch {
  const wanted: Wanted[] = [];
  const mistakes: Mistake[] = [];
  for (const [id, given] of Object.entries(patch)) {
    const found = all.find(({ plugin }) => plugin.id === id);
    if (found !== undefined) {
      descend({ leaves: found.leaves, wanted, mistakes }, [id], given);
      continue;
    }
    const ids = all.map(({ plugin }) => plugin.id);
    const expected = fixed.includes(id)
      ? "a plugin's settings: this section is read before the database is there"
      : `one of ${ids.join(", ")}`;
    mistakes.push(unknown([id], expected, nearest(id, ids)));
  }
  return { wanted, mistakes };
}

interface Reading {
  readonly leaves: readonly Leaf[];
  readonly wanted: Wanted[];
  readonly mistakes: Mistake[];
}

function descend(reading: Reading, path: readonly string[], given: unknown): void {
  const below = reading.leaves.filter((leaf) => path.every((key, at) => leaf.path[at] === key));
  const leaf = below.find((each) => each.path.length === path.length);
  if (leaf !== undefined) {
    if (!isStorable(leaf)) {
      const expected = "a setting that may be stored: this one is the configuration file's alone";
      reading.mistakes.push({ ...unknown(path, expected), got: "one that may not" });
    } else if (isPlaceholder(leaf, given)) {
      const expected = "the secret itself, or nothing to leave it as it is";
      reading.mistakes.push({ ...unknown(path, expected), got: "a placeholder" });
    } else reading.wanted.push({ leaf, value: given });
    return;
  }
  if (below.length === 0) {
    const names = siblingsOf(reading.leaves, path);
    const meant = nearest(path.at(-1) ?? "", names);
    reading.mistakes.push(unknown(path, `one of ${names.join(", ")}`, meant));
    return;
  }
  // Null for a whole section takes each of its settings back.
  if (given === null) {
    const all = below.filter(isStorable);
    for (const each of all) reading.wanted.push({ leaf: each, value: null });
  } else if (isPlainObject(given)) {
    for (const [key, value] of Object.entries(given)) descend(reading, [...path, key], value);
  } else reading.mistakes.push({ ...unknown(path, "an object of settings"), got: typeof given });
}

function siblingsOf(leaves: readonly Leaf[], path: readonly string[]): readonly string[] {
  const parent = path.slice(0, -1);
  const beside = leaves.filter((leaf) => parent.every((key, at) => leaf.path[at] === key));
  return [...new Set(beside.map((leaf) => leaf.path[parent.length] ?? ""))];
}

/** What is shown in a secret's place must not be taken for the secret when it comes back. */
function isPlaceholder({ schema }: Leaf, value: unknown): boolean {
  if (secrecyOf(schema) !== undefined) return value === REDACTED;
  return hidesSecret(schema) && JSON.stringify(value ?? null).includes(`"${REDACTED}"`);
}

function unknown(path: readonly string[], expected: string, didYouMean?: string): Mistake {
  return {
    path: path.join("."),
    pointer: pointerOf(path),
    got: "an unknown setting",
    expected,
    ...(didYouMean === undefined ? {} : { didYouMean }),
  };
}

/** A path as a JSON pointer (RFC 6901). */
export function pointerOf(path: readonly string[]): string {
  return path.map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
