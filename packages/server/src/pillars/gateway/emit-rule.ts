import type { EmitSettings } from "./settings.ts";

/** A JSON pointer (RFC 6901) as its unescaped parts. */
export type Pointer = readonly string[];

/** One event that successful calls of a route make. */
export interface EmitRule {
  readonly type: string;
  /** Undefined for every success status. */
  readonly status: number | undefined;
  readonly data: Pointer | readonly (readonly [string, Pointer])[];
  readonly isWholeBody: boolean;
  readonly isMembers: boolean;
  readonly subject: Pointer | undefined;
  readonly key: Pointer | undefined;
  /** The request's body must be kept for it. */
  readonly needsRequestBody: boolean;
}

/** What pointers point into. */
export interface CallDocument {
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly params: Readonly<Record<string, string>>;
    readonly query: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
  readonly response: { readonly status: number; readonly body: unknown };
}

/** Compiles one emit; answers what is wrong with it. */
export function compileEmit(settings: EmitSettings): EmitRule | string {
  const { data = "/response/body", subject, key } = settings;
  const all = [...(typeof data === "string" ? [data] : Object.values(data)), subject, key];
  const pointers = all.filter((each) => each !== undefined);
  const bad = pointers.find((each) => !/^\/(?:request|response)(?:\/(?:[^~]|~[01])*)?$/.test(each));
  if (bad !== undefined) {
    return `the JSON pointer '${bad}' does not begin with /request or /response`;
  }
  const status = settings.on.status ?? "2xx";
  return {
    type: settings.type,
    status: status === "2xx" ? undefined : status,
    data:
      typeof data === "string"
        ? parsePointer(data)
        : Object.entries(data).map(([name, pointer]) => [name, parsePointer(pointer)] as const),
    isMembers: typeof data !== "string",
    isWholeBody: data === "/response/body",
    subject: subject === undefined ? undefined : parsePointer(subject),
    key: key === undefined ? undefined : parsePointer(key),
    needsRequestBody: pointers.some(
      (each) => each === "/request" || each.startsWith("/request/body"),
    ),
  };
}

function parsePointer(text: string): Pointer {
  return text
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Follows a pointer; undefined where it leads nowhere. Only own members are looked at. */
function follow(document: unknown, pointer: Pointer): unknown {
  let at = document;
  for (const part of pointer) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[part];
  }
  return at;
}

/** The event's data: what the pointer leads to, or an object of members; what is missing is null. */
export function dataOf(rule: EmitRule, document: CallDocument): unknown {
  if (!rule.isMembers) return follow(document, rule.data as Pointer) ?? null;
  const members = rule.data as readonly (readonly [string, Pointer])[];
  return Object.fromEntries(
    members.map(([name, pointer]) => [name, follow(document, pointer) ?? null]),
  );
}

/** Text for a subject or key: strings and numbers; nothing else names a thing. */
export function wordOf(document: CallDocument, pointer: Pointer | undefined): string | undefined {
  const found = pointer === undefined ? undefined : follow(document, pointer);
  return typeof found === "string" || typeof found === "number" ? String(found) : undefined;
}
