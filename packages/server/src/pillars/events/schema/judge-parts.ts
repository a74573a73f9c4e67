import type { ProblemPlace } from "portico/kernel";
import type { Judge, Judging } from "./judging.ts";
import type { JsonObject } from "./keywords.ts";
import { isObject } from "./keywords.ts";
import { spend } from "./pattern.ts";
import type { Budget } from "./pattern.ts";
import type { SchemaNode } from "./read-schema.ts";
import { sameJson } from "./same-json.ts";

/** What judging the parts of a value needs. */
export interface PartsOf {
  readonly judging: Judging;
  readonly judgeNode: Judge;
}

interface Placed<TValue> {
  readonly value: TValue;
  readonly pointer: string;
}

/** What of a number does not fit. */
export function judgeNumber(
  node: JsonObject,
  value: number,
  pointer: string,
): readonly ProblemPlace[] {
  const found = bounds(node, [
    ["minimum", "must be at least", (bound) => value >= bound],
    ["maximum", "must be at most", (bound) => value <= bound],
    ["exclusiveMinimum", "must be above", (bound) => value > bound],
    ["exclusiveMaximum", "must be below", (bound) => value < bound],
    ["multipleOf", "must be a multiple of", (bound) => isMultiple(value, bound)],
  ]);
  return found.map((detail) => ({ pointer, detail: `${detail}, not ${value}` }));
}

/** What of a text does not fit; its length counts Unicode characters. */
export function judgeText(
  node: JsonObject,
  { value, pointer }: Placed<string>,
  { schema, budget }: Judging,
): readonly ProblemPlace[] {
  const { minLength, maxLength, pattern } = node;
  const places: ProblemPlace[] = [];
  if (minLength !== undefined || maxLength !== undefined) {
    spend(budget, 1 + value.length / 8);
    const length = [...value].length;
    const found = bounds(node, [
      ["minLength", "must have at least", (bound) => length >= bound],
      ["maxLength", "must have at most", (bound) => length <= bound],
    ]);
    places.push(...found.map((text) => ({ pointer, detail: `${text} characters, not ${length}` })));
  }
  if (typeof pattern === "string" && schema.patterns.get(pattern)?.test(value, budget) === false) {
    places.push({ pointer, detail: `must match ${pattern}` });
  }
  return places;
}

/** What of an array and its elements does not fit. */
export function judgeArray(
  node: JsonObject,
  { value, pointer }: Placed<readonly unknown[]>,
  parts: PartsOf,
): readonly ProblemPlace[] {
  const { length } = value;
  // Each element is touched, whatever is asked of it.
  spend(parts.judging.budget, length / 4);
  const found = bounds(node, [
    ["minItems", "must have at least", (bound) => length >= bound],
    ["maxItems", "must have at most", (bound) => length <= bound],
  ]);
  if (found.length > 0) {
    return found.map((text) => ({ pointer, detail: `${text} elements, not ${length}` }));
  }
  return [
    ...judgeElements(node, { value, pointer }, parts),
    ...judgeContains(node, { value, pointer }, parts),
    ...(node["uniqueItems"] === true ? judgeUnique(value, pointer, parts.judging) : []),
  ];
}

function judgeElements(
  { prefixItems, items }: JsonObject,
  { value, pointer }: Placed<readonly unknown[]>,
  { judging, judgeNode }: PartsOf,
): readonly ProblemPlace[] {
  const first = Array.isArray(prefixItems) ? (prefixItems as readonly SchemaNode[]) : [];
  const rest = items as SchemaNode | undefined;
  if (first.length === 0 && rest === undefined) return [];
  return value.flatMap((each, index) => {
    const schema = first[index] ?? rest;
    return schema === undefined
      ? []
      : judgeNode(schema, { value: each, pointer: `${pointer}/${index}` }, judging);
  });
}

function judgeContains(
  { contains, minContains = 1, maxContains = Infinity }: JsonObject,
  { value, pointer }: Placed<readonly unknown[]>,
  { judging, judgeNode }: PartsOf,
): readonly ProblemPlace[] {
  if (contains === undefined) return [];
  const found = value.filter(
    (each) => judgeNode(contains as SchemaNode, { value: each, pointer }, judging).length === 0,
  ).length;
  return found >= Number(minContains) && found <= Number(maxContains)
    ? []
    : [{ pointer, detail: `holds ${found} elements of the kind that contains asks for` }];
}

function judgeUnique(
  value: readonly unknown[],
  pointer: string,
  { budget }: Judging,
): readonly ProblemPlace[] {
  const simple = new Set<unknown>();
  const others: unknown[] = [];
  for (const each of value) {
    const isSimple = typeof each !== "object" || each === null;
    const isTwin = isSimple
      ? simple.has(each)
      : others.some((other) => sameJson(other, each, budget));
    if (isTwin) return [{ pointer, detail: "holds an element twice" }];
    if (isSimple) simple.add(each);
    else others.push(each);
  }
  return [];
}

/** What of an object and its members does not fit. */
export function judgeObject(
  node: JsonObject,
  { value, pointer }: Placed<JsonObject>,
  parts: PartsOf,
): readonly ProblemPlace[] {
  const names = Object.keys(value);
  const { budget } = parts.judging;
  spend(budget, names.length);
  const found = bounds(node, [
    ["minProperties", "must have at least", (bound) => names.length >= bound],
    ["maxProperties", "must have at most", (bound) => names.length <= bound],
  ]);
  return [
    ...found.map((text) => ({ pointer, detail: `${text} members, not ${names.length}` })),
    ...missingOf(node, value, budget).map((name) => ({
      pointer: `${pointer}/${escape(name)}`,
      detail: "is missing",
    })),
    ...names.flatMap((name) => judgeMember(node, { value, pointer, name }, parts)),
  ];
}

function missingOf(
  { required, dependentRequired }: JsonObject,
  value: JsonObject,
  budget: Budget,
): string[] {
  const asked = Array.isArray(required) ? (required as readonly string[]) : [];
  const asking = isObject(dependentRequired) ? Object.entries(dependentRequired) : [];
  spend(budget, asked.length / 2 + asking.length);
  const dependent = asking.flatMap(([name, others]) =>
    Object.hasOwn(value, name) ? (others as readonly string[]) : [],
  );
  spend(budget, dependent.length / 2);
  return [...asked, ...dependent].filter((name) => !Object.hasOwn(value, name));
}

function judgeMember(
  node: JsonObject,
  at: { readonly value: JsonObject; readonly pointer: string; readonly name: string },
  { judging, judgeNode }: PartsOf,
): readonly ProblemPlace[] {
  const { name } = at;
  const { properties, patternProperties, additionalProperties, propertyNames } = node;
  const judged = { value: at.value[name], pointer: `${at.pointer}/${escape(name)}` };
  const schemas: unknown[] = [];
  if (isObject(properties) && Object.hasOwn(properties, name)) schemas.push(properties[name]);
  if (isObject(patternProperties)) {
    for (const [source, schema] of Object.entries(patternProperties)) {
      if (judging.schema.patterns.get(source)?.test(name, judging.budget) === true) {
        schemas.push(schema);
      }
    }
  }
  if (schemas.length === 0 && additionalProperties !== undefined) {
    schemas.push(additionalProperties);
  }
  const places = schemas.flatMap((schema) => judgeNode(schema as SchemaNode, judged, judging));
  if (propertyNames === undefined) return places;
  const named = { value: name, pointer: judged.pointer };
  return [...places, ...judgeNode(propertyNames as SchemaNode, named, judging)];
}

type Bound = readonly [word: string, text: string, holds: (bound: number) => boolean];

function bounds(node: JsonObject, table: readonly Bound[]): readonly string[] {
  return table.flatMap(([word, text, holds]) => {
    const bound = node[word];
    return typeof bound !== "number" || holds(bound) ? [] : [`${text} ${bound}`];
  });
}

/** By the quotient, as close to an integer as floating point can tell: 0.3 is a multiple of 0.1. */
function isMultiple(value: number, of: number): boolean {
  const quotient = value / of;
  if (!Number.isFinite(quotient)) return false;
  return Math.abs(quotient - Math.round(quotient)) <= Number.EPSILON * Math.abs(quotient);
}

function escape(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
