import type { TSchema } from "typebox";

/** The pattern that TypeBox writes for "every name". */
const EVERY_NAME = "^.*$";

/**
 * The schema with its records of any name written as `additionalProperties`. TypeBox writes them as the pattern `^.*$`,
 * and `.` is no line break: members whose names hold one would be neither checked nor answered.
 */
export function openRecords(schema: TSchema): TSchema {
  // Only objects and arrays are rebuilt, so that a schema stays one.
  return rebuilt(schema) as TSchema;
}

function rebuilt(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(rebuilt);
  if (typeof node !== "object" || node === null) return node;
  const { patternProperties, ...rest } = Object.fromEntries(
    Object.entries(node).map(([name, value]) => [name, rebuilt(value)]),
  );
  if (patternProperties === undefined) return rest;
  const patterns = Object.entries(patternProperties as Readonly<Record<string, unknown>>);
  const [[name, value] = []] = patterns;
  const isOpen = patterns.length === 1 && name === EVERY_NAME && !("additionalProperties" in rest);
  return isOpen ? { ...rest, additionalProperties: value } : { ...rest, patternProperties };
}
