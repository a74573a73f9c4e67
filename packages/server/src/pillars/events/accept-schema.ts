import type { ProblemPlace } from "portico/kernel";
import { raise } from "./errors.ts";
import { changesOf, judge, readSchema } from "./schema/index.ts";
import type { EventSchema, SchemaChange } from "./schema/index.ts";

/** Reads a schema that a caller sent. Raises `events.badSchema`. */
export function acceptSchema(document: unknown): EventSchema {
  const read = readSchema(document);
  if ("root" in read) return read;
  throw raise("events.badSchema", {
    params: { count: read.length },
    errors: under("/schema", read),
  });
}

/** A schema of our own tables, which was accepted when it was written. */
export function storedSchema(text: string): EventSchema {
  return acceptSchema(JSON.parse(text));
}

/** Raises `events.badExample` for one that its schema would not let pass. */
export function acceptExample(example: unknown, schema: EventSchema): void {
  const places = judge(schema, example);
  if (places.length === 0) return;
  throw raise("events.badExample", {
    params: { count: places.length },
    errors: under("/example", places),
  });
}

/** Raises `events.breaking` with what would be missed, and by whom. */
export function refuseBreaking(type: string, changes: readonly SchemaChange[]): void {
  if (changes.length === 0) return;
  throw raise("events.breaking", {
    params: { type, breaks: breaksOf(changes), count: changes.length },
    errors: changes.map(({ pointer, breaks, detail }) => ({
      pointer,
      detail: `${detail} (breaks ${breaks === "both" ? "producers and consumers" : breaks})`,
    })),
  });
}

/** What a newer schema would break. */
export function breakingChanges(
  before: string | undefined,
  after: EventSchema,
): readonly SchemaChange[] {
  return before === undefined ? [] : changesOf(storedSchema(before), after);
}

function breaksOf(changes: readonly SchemaChange[]): string {
  const whom = new Set(
    changes.flatMap(({ breaks }) => (breaks === "both" ? ["producers", "consumers"] : [breaks])),
  );
  return [...whom].toSorted().toReversed().join(" and ");
}

/** Places below a member of the body. */
export function under(prefix: string, places: readonly ProblemPlace[]): readonly ProblemPlace[] {
  return places.map(({ pointer, detail }) => ({ pointer: `${prefix}${pointer}`, detail }));
}
