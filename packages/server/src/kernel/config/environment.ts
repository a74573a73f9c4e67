import { readFileSync } from "node:fs";
import type { TSchema } from "typebox";
import { nearest } from "./nearest.ts";
import type { Layer } from "./layers.ts";
import type { Leaf } from "./leaves.ts";
import type { Mistake } from "./mistake.ts";
import { secrecyOf } from "./schema.ts";

/** One value that something other than the file gave. */
export interface Given {
  readonly path: readonly string[];
  readonly value: unknown;
  /** `PORT in .env`, `--port`. */
  readonly source: string;
  /** A variable when left out. */
  readonly kind?: "flag";
}

/** What the variables gave, and what was wrong with them. */
export interface FromEnvironment {
  readonly given: readonly Given[];
  readonly mistakes: readonly Mistake[];
  readonly warnings: readonly string[];
}

// Read by parts of Portico that are not settings.
const OTHER_NAMES = ["PORTICO_CONFIG", "PORTICO_DEV_ROLE"];
const OTHER_PREFIXES = ["PORTICO_TEST_", "PORTICO_BENCH_"];
// A Kubernetes Service called "portico" puts these into every container beside it.
const KUBERNETES = /^PORTICO_(SERVICE_(HOST|PORT)|PORT(_|$))/;

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return text;
  }
}

/** Text as the schema's type; what does not fit stays text, so that the check names it. */
export function coerce(schema: TSchema, text: string): unknown {
  const type = "type" in schema ? schema.type : undefined;
  if (type === "string" || ("enum" in schema && type === undefined)) return text;
  if (type === "integer" || type === "number") {
    return /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text;
  }
  if (type === "boolean") return text === "true" || (text === "false" ? false : text);
  if (type === "array" && !text.trimStart().startsWith("[")) {
    return text === "" ? [] : text.split(",").map((part) => part.trim());
  }
  return parseJson(text);
}

function readSecret(name: string, file: string): string | Mistake {
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    return { path: name, got: `${JSON.stringify(file)} (${why})`, expected: "a readable file" };
  }
}

type Found = Given | Mistake | undefined;

function lookInLayer(leaf: Leaf, name: string, layer: Layer): Found {
  const inline = layer.values[name];
  const source = `${name} in ${layer.name}`;
  if (secrecyOf(leaf.schema) === undefined) {
    return inline === undefined ? undefined : { path: leaf.path, value: inline, source };
  }
  const file = layer.values[`${name}_FILE`];
  if (inline !== undefined && file !== undefined) {
    const expected = "only one of the two";
    return { path: name, got: `both ${name} and ${name}_FILE`, expected, source: layer.name };
  }
  if (file === undefined) {
    return inline === undefined ? undefined : { path: leaf.path, value: inline, source };
  }
  const value = readSecret(`${name}_FILE`, file);
  if (typeof value !== "string") return { ...value, source: layer.name };
  return { path: leaf.path, value, source: `${name}_FILE in ${layer.name}` };
}

function look(leaf: Leaf, layers: readonly Layer[]): Found {
  const names = leaf.names.filter(
    (name) => !name.endsWith("_FILE") || !leaf.names.includes(name.slice(0, -"_FILE".length)),
  );
  for (const layer of layers) {
    for (const name of names) {
      const found = lookInLayer(leaf, name, layer);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function strangers(leaves: readonly Leaf[], layers: readonly Layer[]): readonly string[] {
  const known = new Set([...leaves.flatMap((leaf) => leaf.names), ...OTHER_NAMES]);
  const isStranger = (name: string): boolean =>
    name.startsWith("PORTICO_") &&
    !known.has(name) &&
    !KUBERNETES.test(name) &&
    !OTHER_PREFIXES.some((prefix) => name.startsWith(prefix));
  return layers.flatMap((layer) =>
    Object.keys(layer.values)
      .filter(isStranger)
      .map((name) => {
        const meant = nearest(name, known);
        const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
        return `${name} in ${layer.name} sets nothing that Portico knows${hint}`;
      }),
  );
}

/**
 * Finds every setting that variables give. An unknown `PORTICO_` variable is a warning, not a mistake: an environment
 * is shared with others who may use the prefix.
 */
export function readEnvironment(
  leaves: readonly Leaf[],
  layers: readonly Layer[],
): FromEnvironment {
  const given: Given[] = [];
  const mistakes: Mistake[] = [];
  for (const leaf of leaves) {
    const found = look(leaf, layers);
    if (found === undefined) continue;
    if ("got" in found) mistakes.push(found);
    else given.push({ ...found, value: coerce(leaf.schema, String(found.value)) });
  }
  return { given, mistakes, warnings: strangers(leaves, layers) };
}
