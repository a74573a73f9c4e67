import type * as YamlModule from "yaml";
import type { Node, Pair } from "yaml";
import type { DocumentMistake } from "./document.ts";
import { below } from "./pointer.ts";

type Yaml = typeof YamlModule;

const DEPTH_MAX = 200;
/** Nodes that aliases may stand for, all together. A bomb of nine anchors stands for billions. */
const ALIASED_NODES_MAX = 100_000;
const MISTAKES_MAX = 100;

interface Work {
  readonly yaml: Yaml;
  readonly anchors: Map<string, Node>;
  readonly mistakes: DocumentMistake[];
  /** How many aliases the node being read is inside of. */
  aliases: number;
  aliasedNodes: number;
  isOver: boolean;
}

/**
 * Reads YAML 1.2 (core schema) into plain values. Refused with their places: keys that are there twice or are no text, aliases
 * that multiply, nesting without end, tags of another schema, several documents in one text.
 */
export async function readYaml(
  text: string,
): Promise<{ readonly value: unknown } | { readonly mistakes: readonly DocumentMistake[] }> {
  // On first use only: most servers front nothing that is written in YAML.
  const yaml = await import("yaml");
  let document;
  try {
    document = yaml.parseDocument(text, {
      // Looked at below, where each has a pointer.
      uniqueKeys: false,
      prettyErrors: true,
      // `silent` would take the first of several documents without a word.
      logLevel: "error",
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { mistakes: [{ pointer: "", detail: "is nested too deeply to be read" }] };
  }
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    const told = faults.slice(0, MISTAKES_MAX);
    return { mistakes: told.map(({ message }) => ({ pointer: "", detail: firstLine(message) })) };
  }
  const work: Work = {
    yaml,
    anchors: new Map(),
    mistakes: [],
    aliases: 0,
    aliasedNodes: 0,
    isOver: false,
  };
  const value = valueOf(work, document.contents, { pointer: "", depth: 0 });
  return work.mistakes.length > 0 ? { mistakes: work.mistakes } : { value };
}

function firstLine(message: string): string {
  return `is not YAML that can be read: ${message.split("\n")[0] ?? message}`;
}

interface Place {
  readonly pointer: string;
  readonly depth: number;
}

function valueOf(work: Work, node: unknown, place: Place): unknown {
  const { yaml } = work;
  if (work.isOver || node === null || node === undefined) return null;
  if (place.depth > DEPTH_MAX) {
    return stop(work, place, `is nested deeper than ${DEPTH_MAX} levels`);
  }
  if (work.aliases > 0 && ++work.aliasedNodes > ALIASED_NODES_MAX) {
    const detail = `is reached through aliases that stand for more than ${ALIASED_NODES_MAX} nodes; write it out`;
    return stop(work, place, detail);
  }
  if (yaml.isAlias(node)) return aliasedValue(work, node.source, place);
  const { anchor } = node as Node & { readonly anchor?: string };
  if (anchor !== undefined) work.anchors.set(anchor, node as Node);
  if (yaml.isMap(node)) return objectOf(work, node.items, place);
  if (yaml.isSeq(node)) {
    return node.items.map((item, index) =>
      valueOf(work, item, { pointer: below(place.pointer, index), depth: place.depth + 1 }),
    );
  }
  return scalarOf(work, node, place);
}

function stop(work: Work, { pointer }: Place, detail: string): null {
  work.mistakes.push({ pointer, detail });
  work.isOver = true;
  return null;
}

function aliasedValue(work: Work, name: string, place: Place): unknown {
  const target = work.anchors.get(name);
  if (target === undefined) {
    work.mistakes.push({
      pointer: place.pointer,
      detail: `is the alias *${name}, which nothing anchors`,
    });
    return null;
  }
  work.aliases += 1;
  const value = valueOf(work, target, { pointer: place.pointer, depth: place.depth + 1 });
  work.aliases -= 1;
  return value;
}

function objectOf(work: Work, items: readonly Pair[], place: Place): unknown {
  const found = new Map<string, unknown>();
  for (const { key, value } of items) {
    const name = keyOf(work, key);
    if (name === undefined) {
      work.mistakes.push({ pointer: place.pointer, detail: "has a key that is no text" });
      continue;
    }
    const pointer = below(place.pointer, name);
    if (found.has(name)) work.mistakes.push({ pointer, detail: "is there twice" });
    if (work.mistakes.length >= MISTAKES_MAX) work.isOver = true;
    found.set(name, valueOf(work, value, { pointer, depth: place.depth + 1 }));
  }
  // Defines members rather than assigning them: `__proto__` becomes a member like any other.
  return Object.fromEntries(found);
}

/** `200:` and `on:` are keys as they were written; only maps, lists and null are none. */
function keyOf({ yaml }: Work, key: unknown): string | undefined {
  if (!yaml.isScalar(key)) return undefined;
  if (typeof key.value === "string") return key.value;
  return key.source === undefined || key.value === null ? undefined : key.source;
}

function scalarOf({ yaml, mistakes }: Work, node: unknown, { pointer }: Place): unknown {
  const value: unknown = yaml.isScalar(node) ? node.value : null;
  const isJson =
    value === null ||
    typeof value === "string" ||
    typeof value === "boolean" ||
    (typeof value === "number" && Number.isFinite(value));
  if (isJson) return value;
  mistakes.push({ pointer, detail: "is a value that JSON does not have" });
  return null;
}
