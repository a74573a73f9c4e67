import { Buffer } from "node:buffer";
import type { ProblemPlace } from "portico/kernel";
import { isObject, KEYWORDS } from "./keywords.ts";
import type { JsonObject } from "./keywords.ts";
import { makePattern } from "./pattern.ts";
import type { Pattern } from "./pattern.ts";

/** Bytes of a schema as JSON. */
const SCHEMA_BYTES_MAX = 65_536;
const NODES_MAX = 2_000;
const DEPTH_MAX = 32;
const MISTAKES_MAX = 20;

/** A schema or a part of one. */
export type SchemaNode = boolean | JsonObject;

/** A schema that may be judged by. */
export interface EventSchema {
  readonly root: SchemaNode;
  /** By their `$ref`. */
  readonly targets: ReadonlyMap<string, SchemaNode>;
  /** By their source. */
  readonly patterns: ReadonlyMap<string, Pattern>;
}

interface Reading {
  readonly nodes: Map<string, SchemaNode>;
  readonly patterns: Map<string, Pattern>;
  readonly mistakes: ProblemPlace[];
}

/**
 * Reads a JSON Schema that somebody sent, or says what is wrong with it. Refused are what is too large, references out of
 * the document, patterns that no linear search can follow, words that are not judged, and references that only lead to
 * themselves.
 */
export function readSchema(document: unknown): EventSchema | readonly ProblemPlace[] {
  const bytes = Buffer.byteLength(JSON.stringify(document) ?? "");
  if (bytes > SCHEMA_BYTES_MAX) {
    return [{ pointer: "", detail: `has ${bytes} bytes; at most ${SCHEMA_BYTES_MAX} are taken` }];
  }
  const reading: Reading = { nodes: new Map(), patterns: new Map(), mistakes: [] };
  visit(reading, document, { pointer: "", depth: 0 });
  if (reading.mistakes.length > 0) return reading.mistakes.slice(0, MISTAKES_MAX);
  const targets = resolveAll(reading);
  if (reading.mistakes.length > 0) return reading.mistakes.slice(0, MISTAKES_MAX);
  const root = reading.nodes.get("") ?? true;
  const loop = findLoop(targets, reading.nodes);
  if (loop !== undefined) {
    return [{ pointer: loop, detail: "leads to itself without a step into the data" }];
  }
  return { root, targets, patterns: reading.patterns };
}

interface Place {
  readonly pointer: string;
  readonly depth: number;
}

function visit(reading: Reading, node: unknown, { pointer, depth }: Place): void {
  const { nodes, mistakes } = reading;
  const complain = (detail: string): void => void mistakes.push({ pointer, detail });
  if (mistakes.length >= MISTAKES_MAX) return;
  if (typeof node !== "boolean" && !isObject(node)) return complain("is not a schema");
  if (depth > DEPTH_MAX) return complain(`is deeper than ${DEPTH_MAX} levels`);
  if (nodes.size >= NODES_MAX)
    return complain(`is beyond the ${NODES_MAX} schemas that one may hold`);
  nodes.set(pointer, node);
  if (typeof node === "boolean") return;
  for (const [word, value] of Object.entries(node)) {
    visitKeyword(reading, { word, value }, { pointer: `${pointer}/${escape(word)}`, depth });
  }
}

function visitKeyword(
  reading: Reading,
  { word, value }: { readonly word: string; readonly value: unknown },
  { pointer, depth }: Place,
): void {
  const { mistakes } = reading;
  const keyword = KEYWORDS.get(word);
  if (keyword === undefined) {
    if (!word.startsWith("x-")) {
      mistakes.push({ pointer, detail: "is no word that is judged; your own begin with x-" });
    }
    return;
  }
  const mistake = keyword.mistake(value);
  if (mistake !== undefined) return void mistakes.push({ pointer, detail: mistake });
  if (word === "pattern") addPattern(reading, String(value), pointer);
  const inner = (node: unknown, name: string): void =>
    visit(reading, node, { pointer: `${pointer}/${escape(name)}`, depth: depth + 1 });
  if (keyword.holds === "one") visit(reading, value, { pointer, depth: depth + 1 });
  if (keyword.holds === "list" && Array.isArray(value)) {
    value.forEach((node, index) => inner(node, String(index)));
  }
  if (keyword.holds !== "map" || !isObject(value)) return;
  for (const [name, node] of Object.entries(value)) {
    if (word === "patternProperties") addPattern(reading, name, `${pointer}/${escape(name)}`);
    inner(node, name);
  }
}

function addPattern({ patterns, mistakes }: Reading, source: string, pointer: string): void {
  const made = makePattern(source);
  if (typeof made === "string") mistakes.push({ pointer, detail: `cannot be a pattern: ${made}` });
  else patterns.set(source, made);
}

function resolveAll({ nodes, mistakes }: Reading): ReadonlyMap<string, SchemaNode> {
  const targets = new Map<string, SchemaNode>();
  for (const [pointer, node] of nodes) {
    const ref = typeof node === "boolean" ? undefined : node["$ref"];
    if (typeof ref !== "string") continue;
    const target = nodes.get(pointerOf(ref));
    if (target === undefined) {
      mistakes.push({ pointer: `${pointer}/$ref`, detail: `points to no schema of this document` });
    } else {
      targets.set(ref, target);
    }
  }
  return targets;
}

/** `#/$defs/a%20b` → `/$defs/a b`; what is not well encoded stays as it is and leads nowhere. */
function pointerOf(ref: string): string {
  try {
    return decodeURIComponent(ref.slice(1));
  } catch {
    return ref.slice(1);
  }
}

/** The pointer of a schema that judges a value by itself, directly or through others. */
function findLoop(
  targets: ReadonlyMap<string, SchemaNode>,
  nodes: ReadonlyMap<string, SchemaNode>,
): string | undefined {
  const done = new Set<SchemaNode>();
  const open = new Set<SchemaNode>();
  const loops = (node: SchemaNode): boolean => {
    if (typeof node === "boolean" || done.has(node)) return false;
    if (open.has(node)) return true;
    open.add(node);
    const isLoop = inPlaceOf(node, targets).some(loops);
    open.delete(node);
    done.add(node);
    return isLoop;
  };
  for (const [pointer, node] of nodes) if (loops(node)) return pointer;
  return undefined;
}

function inPlaceOf(
  node: JsonObject,
  targets: ReadonlyMap<string, SchemaNode>,
): readonly SchemaNode[] {
  const { $ref } = node;
  const target = typeof $ref === "string" ? targets.get($ref) : undefined;
  const own = Object.entries(node).flatMap(([word, value]): readonly SchemaNode[] => {
    if (KEYWORDS.get(word)?.isInPlace !== true) return [];
    // Their shape was checked by `visit`.
    return Array.isArray(value) ? (value as readonly SchemaNode[]) : [value as SchemaNode];
  });
  return target === undefined ? own : [target, ...own];
}

function escape(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
