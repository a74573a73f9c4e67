import { Buffer } from "node:buffer";
import { isJsonType } from "portico/kernel";
import type { LogEvent, ProblemPlace } from "portico/kernel";

/** Bounds of a filter: judging an event costs at most so many steps, whatever the event. */
export const FILTER_BOUNDS = {
  levels: 8,
  parts: 64,
  listItems: 100,
  textLength: 1_024,
  pathLength: 256,
  bytes: 16_384,
} as const;

/** What a comparison compares with. */
type Scalar = string | number | boolean | null;

const COMPARISONS = ["eq", "ne", "gt", "gte", "lt", "lte", "in", "exists", "prefix"] as const;
type Comparison = (typeof COMPARISONS)[number];

/** A filter whose form has been checked. */
export type Filter =
  | { readonly and: readonly Filter[] }
  | { readonly or: readonly Filter[] }
  | { readonly not: Filter }
  | ({ readonly path: string } & { readonly [TName in Comparison]?: unknown });

/** What a filter looks at of an event. */
export type Filtered = Pick<LogEvent, "type" | "subject" | "data" | "contentType">;

/** An event on its way through filters: its data is parsed when the first of them asks, and once for all. */
export interface Subject {
  readonly type: string;
  readonly subject: string | null;
  data(): unknown;
}

/** Makes an event ready to be judged by any number of filters. */
export function subjectOf({ type, subject, data, contentType }: Filtered): Subject {
  let parsed: { readonly value: unknown } | undefined;
  return {
    type,
    subject,
    data: () => (parsed ??= { value: isJsonType(contentType) ? parse(data) : undefined }).value,
  };
}

function parse(data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(data)) as unknown;
  } catch {
    // The log takes bytes of any kind under any media type; what cannot be read has no members.
    return undefined;
  }
}

/** Where a filter is wrong and why; empty when it can be used. */
export function filterMistakes(filter: unknown): readonly ProblemPlace[] {
  const count = { parts: 0 };
  if (Buffer.byteLength(JSON.stringify(filter)) > FILTER_BOUNDS.bytes)
    return [{ pointer: "", detail: `the filter is longer than ${FILTER_BOUNDS.bytes} bytes` }];
  return mistakesOf(filter, { pointer: "", level: 1, count });
}

interface Place {
  readonly pointer: string;
  readonly level: number;
  readonly count: { parts: number };
}

function mistakesOf(filter: unknown, place: Place): readonly ProblemPlace[] {
  const { pointer, level, count } = place;
  const wrong = (detail: string): readonly ProblemPlace[] => [{ pointer, detail }];
  count.parts += 1;
  if (count.parts > FILTER_BOUNDS.parts)
    return wrong(`the filter has more than ${FILTER_BOUNDS.parts} parts`);
  if (level > FILTER_BOUNDS.levels)
    return wrong(`the filter is nested deeper than ${FILTER_BOUNDS.levels} levels`);
  if (!isRecord(filter)) return wrong("a part of a filter is an object");
  const names = Object.keys(filter);
  if ("path" in filter) return comparisonMistakes(filter, pointer);
  const [name, more] = names;
  if (more !== undefined || (name !== "and" && name !== "or" && name !== "not")) {
    return wrong("a part has `path` and one comparison, or is one of `and`, `or`, `not` alone");
  }
  const value = filter[name];
  if (name === "not")
    return mistakesOf(value, { ...place, pointer: `${pointer}/not`, level: level + 1 });
  if (!Array.isArray(value) || value.length === 0)
    return wrong(`\`${name}\` is a list of at least one part`);
  return value.flatMap((part, index) =>
    // Beyond the bound every further part would say the same.
    count.parts > FILTER_BOUNDS.parts
      ? []
      : mistakesOf(part, {
          pointer: `${pointer}/${name}/${index}`,
          level: level + 1,
          count,
        }),
  );
}

function comparisonMistakes(
  part: Readonly<Record<string, unknown>>,
  pointer: string,
): readonly ProblemPlace[] {
  const { path, ...rest } = part;
  const [name, more] = Object.keys(rest);
  if (typeof path !== "string" || !isPath(path)) {
    return [{ pointer: `${pointer}/path`, detail: "a path is `type`, `subject`, or `data.…`" }];
  }
  if (name === undefined || more !== undefined || !isComparison(name)) {
    return [{ pointer, detail: `beside \`path\` stands one of ${COMPARISONS.join(", ")}` }];
  }
  const detail = operandMistake(name, rest[name]);
  return detail === undefined ? [] : [{ pointer: `${pointer}/${name}`, detail }];
}

function isPath(path: string): boolean {
  if (path === "type" || path === "subject" || path === "data") return true;
  return path.length <= FILTER_BOUNDS.pathLength && /^data(?:\.[^.]+)+$/u.test(path);
}

function isComparison(name: string): name is Comparison {
  return (COMPARISONS as readonly string[]).includes(name);
}

function operandMistake(name: Comparison, value: unknown): string | undefined {
  switch (name) {
    case "eq":
    case "ne":
      return isScalar(value) ? undefined : "compare with a text, a number, true, false or null";
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return isOrdered(value) ? undefined : "compare with a text or a number";
    case "in":
      return Array.isArray(value) &&
        value.length <= FILTER_BOUNDS.listItems &&
        value.every(isScalar)
        ? undefined
        : `\`in\` is a list of at most ${FILTER_BOUNDS.listItems} texts, numbers, true, false or null`;
    case "exists":
      return typeof value === "boolean" ? undefined : "`exists` is true or false";
    case "prefix":
      return typeof value === "string" && isScalar(value) ? undefined : "`prefix` is a text";
  }
}

function isScalar(value: unknown): value is Scalar {
  if (typeof value === "string") return value.length <= FILTER_BOUNDS.textLength;
  return value === null || typeof value === "boolean" || Number.isFinite(value);
}

function isOrdered(value: unknown): value is string | number {
  return isScalar(value) && (typeof value === "string" || typeof value === "number");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Judges one event. */
export type Judge = (subject: Subject) => boolean;

/** Compiles a filter that has no mistakes. */
export function compileFilter(filter: Filter): Judge {
  if ("and" in filter) {
    const all = filter.and.map(compileFilter);
    return (subject) => all.every((judge) => judge(subject));
  }
  if ("or" in filter) {
    const some = filter.or.map(compileFilter);
    return (subject) => some.some((judge) => judge(subject));
  }
  if ("not" in filter) {
    const inner = compileFilter(filter.not);
    return (subject) => !inner(subject);
  }
  const find = finderOf(filter.path);
  const compare = comparisonOf(filter);
  return (subject) => compare(find(subject));
}

/** Finds a value; undefined where there is none. */
function finderOf(path: string): (subject: Subject) => unknown {
  if (path === "type") return ({ type }) => type;
  if (path === "subject") return ({ subject }) => subject ?? undefined;
  const names = path.split(".").slice(1);
  return (subject) => {
    let value = subject.data();
    for (const name of names) {
      // Own members only: `data.constructor` is a member of the data or nothing.
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, name))
        return undefined;
      value = (value as Readonly<Record<string, unknown>>)[name];
    }
    return value;
  };
}

function comparisonOf(part: Extract<Filter, { path: string }>): (found: unknown) => boolean {
  const name = COMPARISONS.find((each) => each in part) ?? "exists";
  const wanted = part[name];
  switch (name) {
    case "eq":
      return (found) => found === wanted;
    case "ne":
      return (found) => found !== wanted;
    case "in": {
      const list = new Set(wanted as readonly unknown[]);
      return (found) => list.has(found);
    }
    case "exists":
      return (found) => (found !== undefined) === wanted;
    case "prefix":
      return (found) => typeof found === "string" && found.startsWith(wanted as string);
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return ordered(name, wanted as string | number);
  }
}

/** Numbers by size, texts by code units (RFC 3339 times of one zone are in order so); two kinds are never in order. */
function ordered(
  name: "gt" | "gte" | "lt" | "lte",
  wanted: string | number,
): (found: unknown) => boolean {
  const holds: (found: string | number) => boolean = {
    gt: (found: string | number) => found > wanted,
    gte: (found: string | number) => found >= wanted,
    lt: (found: string | number) => found < wanted,
    lte: (found: string | number) => found <= wanted,
  }[name];
  return (found) =>
    typeof found === typeof wanted &&
    (typeof found === "number" || typeof found === "string") &&
    holds(found);
}

/** One comparison of a filter and what it came to. */
export interface PartVerdict {
  readonly pointer: string;
  readonly path: string;
  readonly holds: boolean;
  /** As the filter saw it; undefined where the event has no such value. */
  readonly found: unknown;
}

/** Judges every comparison of a filter alone, in the order in which it is written. */
export function explainFilter(
  filter: Filter,
  subject: Subject,
  pointer = "",
): readonly PartVerdict[] {
  if ("not" in filter) return explainFilter(filter.not, subject, `${pointer}/not`);
  if ("and" in filter || "or" in filter) {
    const [name, parts] = "and" in filter ? ["and", filter.and] : ["or", filter.or];
    return parts.flatMap((part, index) =>
      explainFilter(part, subject, `${pointer}/${name}/${index}`),
    );
  }
  const { path } = filter;
  return [{ pointer, path, holds: compileFilter(filter)(subject), found: finderOf(path)(subject) }];
}
