import type { ProblemPlace } from "portico/kernel";
import { isObject } from "./keywords.ts";
import type { JsonObject } from "./keywords.ts";
import { OutOfBudget, spend } from "./pattern.ts";
import type { Budget } from "./pattern.ts";
import { judgeArray, judgeNumber, judgeObject, judgeText } from "./judge-parts.ts";
import type { Judge, Judged, Judging } from "./judging.ts";
import type { EventSchema, SchemaNode } from "./read-schema.ts";
import { sameJson } from "./same-json.ts";

const STEPS_MAX = 250_000;
const PLACES_MAX = 20;
const LEVELS_MAX = 256;

/**
 * What of a JSON value does not fit a schema: at most 20 places, none when it fits. A judgement takes at most 250,000
 * steps, some tens of milliseconds; a value that needs more does not fit. Values that are judged one after another may
 * share what is left to all of them, from which their steps are taken.
 */
export function judge(
  schema: EventSchema,
  value: unknown,
  shared: Budget = { left: STEPS_MAX },
): readonly ProblemPlace[] {
  const stepsMax = Math.max(0, Math.min(STEPS_MAX, Math.floor(shared.left)));
  const budget: Budget = { left: stepsMax };
  try {
    const judging: Judging = { schema, budget, level: 0 };
    return judgeNode(schema.root, { value, pointer: "" }, judging).slice(0, PLACES_MAX);
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    const rest = stepsMax < STEPS_MAX ? ", which the others of its request have left to it" : "";
    const detail = `takes more than ${stepsMax} steps to judge by its schema${rest}`;
    return [{ pointer: "", detail }];
  } finally {
    shared.left -= stepsMax - Math.max(0, budget.left);
  }
}

const judgeNode: Judge = (node, judged, { schema, budget, level }) => {
  const { value, pointer } = judged;
  if (typeof node === "boolean") {
    spend(budget, 1 / 8);
    return node ? [] : [{ pointer, detail: "is not allowed by the schema" }];
  }
  spend(budget, level > LEVELS_MAX ? Infinity : 1);
  const judging = { schema, budget, level: level + 1 };
  const own = judgeValue(node, judged, budget);
  if (own.length > 0) return own;
  const target = typeof node["$ref"] === "string" ? schema.targets.get(node["$ref"]) : undefined;
  return [
    ...(target === undefined ? [] : judgeNode(target, judged, judging)),
    ...judgeChoices(node, judged, judging),
    ...(typeof value === "number" ? judgeNumber(node, value, pointer) : []),
    ...(typeof value === "string" ? judgeText(node, { value, pointer }, judging) : []),
    ...(Array.isArray(value) ? judgeArray(node, { value, pointer }, { judging, judgeNode }) : []),
    ...(isObject(value) ? judgeObject(node, { value, pointer }, { judging, judgeNode }) : []),
  ].slice(0, PLACES_MAX);
};

function judgeValue(
  node: JsonObject,
  { value, pointer }: Judged,
  budget: Budget,
): readonly ProblemPlace[] {
  const { type } = node;
  const types = type === undefined ? undefined : Array.isArray(type) ? type : [type];
  if (types !== undefined && !types.some((wanted) => isOfType(value, wanted))) {
    return [{ pointer, detail: `must be ${types.join(" or ")}, not ${typeOf(value)}` }];
  }
  if ("const" in node && !sameJson(value, node["const"], budget)) {
    return [{ pointer, detail: `must be ${shown(node["const"], budget)}` }];
  }
  const { enum: choices } = node;
  if (Array.isArray(choices) && !choices.some((each) => sameJson(value, each, budget))) {
    return [{ pointer, detail: `must be one of ${shown(choices, budget)}` }];
  }
  return [];
}

function judgeChoices(node: JsonObject, judged: Judged, judging: Judging): readonly ProblemPlace[] {
  const { pointer } = judged;
  const of = (schema: unknown): readonly ProblemPlace[] =>
    // Its shape was checked when the schema was read.
    schema === undefined ? [] : judgeNode(schema as SchemaNode, judged, judging);
  const { allOf, anyOf, oneOf, not, if: condition } = node;
  const places: ProblemPlace[] = listOf(allOf).flatMap((each) => [...of(each)]);
  if (anyOf !== undefined && !listOf(anyOf).some((each) => of(each).length === 0)) {
    places.push({ pointer, detail: "fits none of the schemas of anyOf" });
  }
  if (oneOf !== undefined) {
    const fits = listOf(oneOf).filter((each) => of(each).length === 0).length;
    if (fits !== 1) places.push({ pointer, detail: `fits ${fits} schemas of oneOf, not one` });
  }
  if (not !== undefined && of(not).length === 0) {
    places.push({ pointer, detail: "fits a schema that it must not fit" });
  }
  if (condition !== undefined) {
    places.push(...of(of(condition).length === 0 ? node["then"] : node["else"]));
  }
  return places;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isOfType(value: unknown, wanted: unknown): boolean {
  const type = typeOf(value);
  if (wanted === "integer") return type === "number" && Number.isInteger(value);
  return type === wanted;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function shown(value: unknown, budget: Budget): string {
  const text = JSON.stringify(value);
  spend(budget, text.length / 64);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
