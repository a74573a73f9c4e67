import type { TSchema } from "typebox";
import { secrecyOf } from "./schema.ts";

type Loose = Readonly<Record<string, unknown>>;

function numberRange(schema: Loose): string {
  const minimum = Number(schema["minimum"]);
  const maximum = Number(schema["maximum"]);
  if (!Number.isNaN(minimum + maximum)) return ` from ${minimum} to ${maximum}`;
  if (!Number.isNaN(minimum)) return ` of at least ${minimum}`;
  return Number.isNaN(maximum) ? "" : ` of at most ${maximum}`;
}

function oneOf(values: readonly unknown[]): string {
  return `one of ${values.map((value) => JSON.stringify(value)).join(", ")}`;
}

function textExpected({ pattern, minLength }: Loose): string {
  if (typeof pattern === "string") return `text that matches ${pattern}`;
  return minLength === undefined ? "text" : `text of at least ${Number(minLength)} characters`;
}

const PLAIN: Readonly<Record<string, string>> = {
  boolean: "true or false",
  array: "a list",
  object: "an object",
  null: "null",
};

/** What a schema asks for, in words. A schema's own `expected` wins. */
export function describeExpected(schema: TSchema): string {
  // JSON Schema keywords, whichever builder wrote them.
  const loose = schema as Loose;
  if (typeof loose["expected"] === "string") return loose["expected"];
  if ("const" in loose) return JSON.stringify(loose["const"]);
  if (Array.isArray(loose["enum"])) return oneOf(loose["enum"]);
  if (Array.isArray(loose["anyOf"])) return describeUnion(loose["anyOf"]);
  if (loose["type"] === "integer") return `an integer${numberRange(loose)}`;
  if (loose["type"] === "number") return `a number${numberRange(loose)}`;
  if (loose["type"] === "string") return textExpected(loose);
  return PLAIN[String(loose["type"])] ?? "another value";
}

function describeUnion(members: readonly TSchema[]): string {
  const constants = members.flatMap((member) => ("const" in member ? [member.const] : []));
  if (constants.length === members.length) return oneOf(constants);
  return members.map(describeExpected).join(" or ");
}

/** What was got, short enough for a line; never the value of a secret. */
export function describeGot(schema: TSchema | undefined, value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "function") return "a function";
  if (schema !== undefined && secrecyOf(schema) !== undefined) return `a secret (${typeof value})`;
  const text = typeof value === "bigint" ? `${value}n` : (JSON.stringify(value) ?? typeof value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
