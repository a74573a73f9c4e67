import { canonicalJson } from "portico/kernel";
import { isObject } from "./keywords.ts";
import type { JsonObject } from "./keywords.ts";
import type { EventSchema, SchemaNode } from "./read-schema.ts";

/**
 * One change that somebody would miss. A change breaks `producers` when data that was right is refused now, and
 * `consumers` when data may come that could not come before, or no longer holds what they read.
 */
export interface SchemaChange {
  /** JSON pointer into the data, `*` for any element or other member. */
  readonly pointer: string;
  readonly breaks: "producers" | "consumers" | "both";
  readonly detail: string;
}

type Breaks = SchemaChange["breaks"];

interface Comparison {
  readonly before: EventSchema;
  readonly after: EventSchema;
  readonly changes: SchemaChange[];
  /** Pairs under comparison or compared: schemas may refer to themselves. */
  readonly seen: Map<SchemaNode, Set<SchemaNode>>;
  /** What is to be compared, and was. A list, since pairs may lead to each other further than calls can be nested. */
  readonly pairs: Pair[];
  /** Where the list was full. */
  beyond?: string;
}

interface Pair {
  readonly before: SchemaNode;
  readonly after: SchemaNode;
  readonly pointer: string;
}

const CHANGES_MAX = 100;
/** Schemas that refer to themselves by rings of other lengths meet in as many pairs as both have parts, multiplied. */
const PAIRS_MAX = 4_000;
/** Words that say nothing of what is right. */
const ANNOTATIONS = new Set(
  "$schema $defs definitions $comment title description default examples deprecated readOnly writeOnly format contentEncoding contentMediaType".split(
    " ",
  ),
);
/** Words with a rule of their own below. */
const COMPARED = new Set([
  "type",
  "enum",
  "properties",
  "required",
  "items",
  "additionalProperties",
]);
/** A higher value of these lets less pass (+1) or more (-1). */
const LIMITS: ReadonlyMap<string, 1 | -1> = new Map([
  ["minimum", 1],
  ["exclusiveMinimum", 1],
  ["minLength", 1],
  ["minItems", 1],
  ["minProperties", 1],
  ["minContains", 1],
  ["maximum", -1],
  ["exclusiveMaximum", -1],
  ["maxLength", -1],
  ["maxItems", -1],
  ["maxProperties", -1],
  ["maxContains", -1],
]);

/**
 * What a newer schema breaks, for whom; empty when everything that was right still is and everybody who reads finds what
 * they read. The rules: `docs/events.md`, "What breaks whom". A word without a rule breaks both as soon as it differs.
 */
export function changesOf(before: EventSchema, after: EventSchema): readonly SchemaChange[] {
  const comparison: Comparison = { before, after, changes: [], seen: new Map(), pairs: [] };
  compare(comparison, { before: before.root, after: after.root, pointer: "" });
  for (const pair of comparison.pairs) comparePair(comparison, pair);
  const { beyond, changes } = comparison;
  if (beyond !== undefined) {
    changes.unshift({ pointer: beyond, breaks: "both", detail: "is beyond what can be compared" });
  }
  return changes.slice(0, CHANGES_MAX);
}

/** Puts a pair on the list, once. */
function compare(comparison: Comparison, pair: Pair): void {
  const before = resolve(pair.before, comparison.before);
  const after = resolve(pair.after, comparison.after);
  if (isSeen(comparison, before, after)) return;
  if (comparison.pairs.length >= PAIRS_MAX) {
    comparison.beyond ??= pair.pointer;
    return;
  }
  comparison.pairs.push({ before, after, pointer: pair.pointer });
}

function comparePair(comparison: Comparison, { before, after, pointer }: Pair): void {
  const tell: Tell = (breaks, detail, at = pointer) =>
    void comparison.changes.push({ pointer: at, breaks, detail });
  const [was, is] = [asObject(before), asObject(after)];
  if (was === undefined || is === undefined) {
    if (was !== is)
      tell(is === undefined ? "producers" : "consumers", "nothing is right any more, or was");
    return;
  }
  compareTypes(was, is, tell);
  compareEnums(was, is, tell);
  compareLimits(was, is, tell);
  compareOthers(was, is, tell);
  compareProperties(comparison, { was, is, pointer }, tell);
  const inner = (word: string, name: string): void =>
    compare(comparison, {
      before: nodeOf(was[word]),
      after: nodeOf(is[word]),
      pointer: `${pointer}/${name}`,
    });
  if ("items" in was || "items" in is) inner("items", "*");
  if ("additionalProperties" in was || "additionalProperties" in is) {
    inner("additionalProperties", "*");
  }
}

type Tell = (breaks: Breaks, detail: string, at?: string) => void;

function isSeen({ seen }: Comparison, before: SchemaNode, after: SchemaNode): boolean {
  const known = seen.get(before) ?? new Set();
  if (known.has(after) && typeof before === "object") return true;
  seen.set(before, known.add(after));
  return false;
}

/** The schema that a lone `$ref` stands for. */
function resolve(node: SchemaNode, schema: EventSchema): SchemaNode {
  let at = node;
  for (let hops = 0; hops < 32; hops += 1) {
    if (typeof at === "boolean") return at;
    const words = Object.keys(at).filter((word) => !ANNOTATIONS.has(word));
    const ref = at["$ref"];
    if (words.length !== 1 || typeof ref !== "string") return at;
    at = schema.targets.get(ref) ?? true;
  }
  return at;
}

/** `true` as the object it means; undefined for `false`. */
function asObject(node: SchemaNode): JsonObject | undefined {
  if (node === false) return undefined;
  return node === true ? {} : node;
}

/** What was not said lets everything pass. Its shape was checked when the schema was read. */
function nodeOf(value: unknown): SchemaNode {
  return value === undefined ? true : (value as SchemaNode);
}

function compareTypes(was: JsonObject, is: JsonObject, tell: Tell): void {
  const [before, after] = [typesOf(was), typesOf(is)];
  const lost = before.filter((type) => !after.includes(type));
  const gained = after.filter((type) => !before.includes(type));
  if (lost.length > 0) tell("producers", `may no longer be ${lost.join(" or ")}`);
  if (gained.length > 0) tell("consumers", `may now be ${gained.join(" or ")}`);
}

const ALL_TYPES = ["null", "boolean", "object", "array", "string", "integer", "other number"];

function typesOf({ type }: JsonObject): readonly string[] {
  if (type === undefined) return ALL_TYPES;
  // Its shape was checked when the schema was read.
  const named = (Array.isArray(type) ? type : [type]) as readonly string[];
  return named.flatMap((each) => (each === "number" ? ["integer", "other number"] : [each]));
}

function compareEnums(was: JsonObject, is: JsonObject, tell: Tell): void {
  const [before, after] = [was["enum"], is["enum"]];
  if (!Array.isArray(before) && !Array.isArray(after)) return;
  if (!Array.isArray(before)) return tell("producers", "may now only be of a list of values");
  if (!Array.isArray(after)) return tell("consumers", "may now be more than a list of values");
  const known = new Set(before.map(canonicalJson));
  const wanted = new Set(after.map(canonicalJson));
  const lost = [...known].filter((each) => !wanted.has(each));
  const gained = [...wanted].filter((each) => !known.has(each));
  if (lost.length > 0) tell("producers", `may no longer be ${lost.join(" or ")}`);
  if (gained.length > 0) tell("consumers", `may now be ${gained.join(" or ")}`);
}

function compareLimits(was: JsonObject, is: JsonObject, tell: Tell): void {
  for (const [word, direction] of LIMITS) {
    // What was not said is a limit that lets everything pass.
    const open = direction * -Infinity;
    const [before, after] = [numberOr(was[word], open), numberOr(is[word], open)];
    if (before === after) continue;
    const isTighter = (after - before) * direction > 0;
    const text = (limit: number): string => (limit === open ? "none" : String(limit));
    tell(isTighter ? "producers" : "consumers", `${word} ${text(before)} is now ${text(after)}`);
  }
}

function numberOr(value: unknown, other: number): number {
  return typeof value === "number" ? value : other;
}

function compareOthers(was: JsonObject, is: JsonObject, tell: Tell): void {
  for (const word of new Set([...Object.keys(was), ...Object.keys(is)])) {
    const hasRule = ANNOTATIONS.has(word) || COMPARED.has(word) || LIMITS.has(word);
    if (hasRule || word.startsWith("x-")) continue;
    const isSame =
      word in was && word in is && canonicalJson(was[word]) === canonicalJson(is[word]);
    if (!isSame) tell("both", `${word} is not what it was`);
  }
}

function compareProperties(
  comparison: Comparison,
  { was, is, pointer }: { was: JsonObject; is: JsonObject; pointer: string },
  tell: Tell,
): void {
  const [before, after] = [membersOf(was), membersOf(is)];
  const [asked, asks] = [requiredOf(was), requiredOf(is)];
  for (const name of new Set([...before.keys(), ...after.keys(), ...asked, ...asks])) {
    const at = `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const [old, now] = [before.get(name), after.get(name)];
    if (old !== undefined && now === undefined) tell("consumers", "is no longer described", at);
    if (old === undefined && now !== undefined && was["additionalProperties"] === false) {
      // Whoever reads by a closed schema refuses what it does not know.
      tell("consumers", "is new where nothing else was allowed", at);
    }
    if (old === undefined && now !== undefined && isObject(was["additionalProperties"])) {
      compare(comparison, { before: was["additionalProperties"], after: now, pointer: at });
    }
    if (old !== undefined && now === undefined && is["additionalProperties"] === false) {
      tell("producers", "is no longer allowed", at);
    }
    if (old !== undefined && now !== undefined) {
      compare(comparison, { before: old, after: now, pointer: at });
    }
    if (asks.has(name) && !asked.has(name)) tell("producers", "is now required", at);
    if (asked.has(name) && !asks.has(name)) tell("consumers", "is no longer required", at);
  }
}

function membersOf({ properties }: JsonObject): ReadonlyMap<string, SchemaNode> {
  // Their shape was checked when the schema was read.
  return new Map(
    isObject(properties) ? (Object.entries(properties) as [string, SchemaNode][]) : [],
  );
}

function requiredOf({ required }: JsonObject): ReadonlySet<string> {
  return new Set(Array.isArray(required) ? (required as readonly string[]) : []);
}
