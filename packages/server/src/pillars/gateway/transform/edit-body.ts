import type { BodyEdits } from "./settings.ts";
import { compileValue } from "./value-template.ts";
import type { FillFrom, TemplatePlace } from "./value-template.ts";

/** One change of a JSON body; it answers the body as it is then. */
export type BodyEdit = (body: unknown, from: FillFrom) => unknown;

type Pointer = readonly string[];
type Container = Record<string, unknown> | unknown[];

/** Compiles the edits of a body in their order; mistakes are added as sentences' ends. */
export function compileBodyEdits(
  { rename = {}, move = {}, remove = [], set = {} }: BodyEdits,
  place: TemplatePlace,
  mistakes: string[],
): readonly BodyEdit[] {
  const read = (text: string): Pointer => readPointer(text, mistakes);
  return [
    ...Object.entries(rename).map(([from, to]) => renaming(read(from), to, mistakes)),
    ...Object.entries(move).map(([from, to]) => moving(read(from), read(to), mistakes)),
    ...remove.map((from) => removing(read(from))),
    ...Object.entries(set).map(([at, value]) =>
      setting(read(at), compileJson(value, place, mistakes)),
    ),
  ];
}

/** RFC 6901. `__proto__` is no member that anybody may name. */
function readPointer(text: string, mistakes: string[]): Pointer {
  if (!/^(?:\/(?:[^~/]|~[01])*)*$/.test(text)) mistakes.push(`'${text}' is no JSON pointer`);
  const parts = text
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (parts.includes("__proto__")) mistakes.push(`'${text}' names __proto__`);
  return parts;
}

function isContainer(value: unknown): value is Container {
  // A number with its own digits (`JSON.rawJSON`) is frozen: there is nothing in it to edit.
  return typeof value === "object" && value !== null && !Object.isFrozen(value);
}

function childOf(at: Container, key: string): unknown {
  return Object.hasOwn(at, key) ? (at as Record<string, unknown>)[key] : undefined;
}

/** Calls `edit` with each container and key that a pointer leads to. */
function eachPlace(
  body: unknown,
  pointer: Pointer,
  edit: (at: Container, key: string) => void,
): void {
  const [key, ...rest] = pointer;
  if (key === undefined || !isContainer(body)) return;
  const keys = key === "*" ? Object.keys(body).toReversed() : [key];
  for (const each of keys) {
    if (rest.length === 0) edit(body, each);
    else eachPlace(childOf(body, each), rest, edit);
  }
}

function take(at: Container, key: string): void {
  if (!Object.hasOwn(at, key)) return;
  if (Array.isArray(at)) {
    if (/^\d+$/.test(key)) at.splice(Number(key), 1);
  } else {
    Reflect.deleteProperty(at, key);
  }
}

function put(at: Container, key: string, value: unknown): void {
  if (!Array.isArray(at)) {
    at[key] = value;
  } else if (key === "-") {
    at.push(value);
  } else if (/^(?:0|[1-9]\d*)$/.test(key) && Number(key) <= at.length) {
    at[Number(key)] = value;
  }
}

function removing(pointer: Pointer): BodyEdit {
  return (body) => {
    if (pointer.length === 0) return null;
    eachPlace(body, pointer, take);
    return body;
  };
}

function renaming(pointer: Pointer, to: string, mistakes: string[]): BodyEdit {
  if (pointer.length === 0 || pointer.at(-1) === "*" || to === "__proto__") {
    mistakes.push(`'/${pointer.join("/")}' cannot be renamed to '${to}'`);
  }
  return (body) => {
    eachPlace(body, pointer, (at, key) => {
      if (Array.isArray(at) || !Object.hasOwn(at, key)) return;
      // In its place: the order of members is the sender's.
      const entries = Object.entries(at);
      for (const [name] of entries) Reflect.deleteProperty(at, name);
      for (const [name, value] of entries) at[name === key ? to : name] = value;
    });
    return body;
  };
}

function moving(from: Pointer, to: Pointer, mistakes: string[]): BodyEdit {
  if (from.length === 0 || from.includes("*") || to.includes("*") || isBelow(to, from)) {
    mistakes.push(`'/${from.join("/")}' cannot be moved to '/${to.join("/")}'`);
  }
  return (body) => {
    let found: { readonly value: unknown } | undefined;
    eachPlace(body, from, (at, key) => {
      if (!Object.hasOwn(at, key)) return;
      found = { value: childOf(at, key) };
      take(at, key);
    });
    return found === undefined ? body : placed(body, to, found.value);
  };
}

function isBelow(pointer: Pointer, above: Pointer): boolean {
  return pointer.length >= above.length && above.every((part, index) => part === pointer[index]);
}

function setting(pointer: Pointer, value: (from: FillFrom) => unknown): BodyEdit {
  return (body, from) => {
    if (!pointer.includes("*")) return placed(body, pointer, value(from));
    eachPlace(body, pointer, (at, key) => put(at, key, value(from)));
    return body;
  };
}

/** Objects on the way are made; what is no object and no list is not overwritten. */
function placed(body: unknown, pointer: Pointer, value: unknown): unknown {
  if (pointer.length === 0) return value;
  let at = body;
  for (const [index, key] of pointer.entries()) {
    if (!isContainer(at)) return body;
    if (index === pointer.length - 1) put(at, key, value);
    else if (childOf(at, key) === undefined) put(at, key, {});
    at = childOf(at, key);
  }
  return body;
}

function compileJson(
  value: unknown,
  place: TemplatePlace,
  mistakes: string[],
): (from: FillFrom) => unknown {
  if (typeof value === "string") {
    const template = compileValue(value, place);
    if (typeof template !== "string") return template.fill;
    mistakes.push(`a value ${template}`);
    return () => value;
  }
  if (Array.isArray(value)) {
    const items = value.map((each: unknown) => compileJson(each, place, mistakes));
    return (from) => items.map((item) => item(from));
  }
  if (typeof value !== "object" || value === null) return () => value;
  const members = Object.entries(value).map(
    ([name, each]) => [name, compileJson(each, place, mistakes)] as const,
  );
  return (from) => Object.fromEntries(members.map(([name, each]) => [name, each(from)]));
}
