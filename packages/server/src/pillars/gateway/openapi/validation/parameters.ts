import type { ProblemPlace } from "portico/kernel";
import type { JsonObject } from "../document.ts";
import { isObject } from "../grammar.ts";
import { below } from "../pointer.ts";
import { formsOf, kindsOf, memberForms, namesOf, shaped } from "./shape.ts";
import type { Forms, Kinds } from "./shape.ts";
import { decodeText, newTree, plant, readPairs, stepsOf } from "./text-values.ts";
import type { Pair, Tree } from "./text-values.ts";
import type { Validators } from "./validators.ts";

/** Where a parameter may stand. */
export type Location = "path" | "query" | "header" | "cookie";

/** One parameter with everything that is known before a request comes. */
export interface Parameter {
  readonly name: string;
  /** As it is looked for: header names are in lower case. */
  readonly key: string;
  readonly style: string;
  readonly explode: boolean;
  readonly allowsEmpty: boolean;
  /** Its value is JSON text (`content`). */
  readonly isJson: boolean;
  readonly forms: Forms;
  readonly kinds: Kinds;
  /** The members of an object that is written out into the query. */
  readonly members: ReadonlySet<string>;
}

/** The parameters of one place, checked together. */
export interface ParameterGroup {
  readonly location: Location;
  readonly parameters: readonly Parameter[];
  /** `{ type: object, properties, required }`: one schema for all of them. */
  readonly schema: JsonObject;
}

/** Header fields that the document does not get to describe (OpenAPI 3.1 §4.8.12). */
const NOT_PARAMETERS = new Set(["accept", "content-type", "authorization"]);
const STYLES: Readonly<Record<Location, string>> = {
  path: "simple",
  query: "form",
  header: "simple",
  cookie: "form",
};

/** Sorts the parameters of an operation by where they stand. */
export function groupsOf(
  document: JsonObject,
  parameters: readonly JsonObject[],
): readonly ParameterGroup[] {
  const locations: readonly Location[] = ["path", "query", "header", "cookie"];
  return locations.flatMap((location) => {
    const own = parameters.filter(
      (each) =>
        each["in"] === location &&
        !(location === "header" && NOT_PARAMETERS.has(String(each["name"]).toLowerCase())),
    );
    if (own.length === 0) return [];
    const properties = Object.fromEntries(
      own.map((each) => [String(each["name"]), schemaOf(each).schema]),
    );
    const required = own
      .filter((each) => each["required"] === true || location === "path")
      .map((each) => String(each["name"]));
    return [
      {
        location,
        parameters: own.map((each) => parameterOf(document, each, location)),
        schema: { type: "object", properties, required },
      },
    ];
  });
}

function schemaOf({ schema, content }: JsonObject): { schema: unknown; isJson: boolean } {
  const first = isObject(content) ? Object.values(content)[0] : undefined;
  if (isObject(first)) return { schema: first["schema"] ?? true, isJson: true };
  return { schema: schema ?? true, isJson: false };
}

function parameterOf(document: JsonObject, given: JsonObject, location: Location): Parameter {
  const name = String(given["name"]);
  const { schema, isJson } = schemaOf(given);
  const style = typeof given["style"] === "string" ? given["style"] : STYLES[location];
  const explode = typeof given["explode"] === "boolean" ? given["explode"] : style === "form";
  const forms = formsOf(document, [schema]);
  const kinds = kindsOf(forms);
  const isSpread =
    location === "query" && !isJson && style === "form" && explode && kinds.takesObject;
  return {
    name,
    key: location === "header" ? name.toLowerCase() : name,
    style,
    explode,
    allowsEmpty: given["allowEmptyValue"] === true,
    isJson,
    forms,
    kinds,
    members: isSpread && !kinds.takesText && !kinds.takesArray ? namesOf(forms) : new Set(),
  };
}

/** What a request brought for one group. */
export interface Brought {
  /** Values by key, as they came; for the path already by template. Several for several lines or repetitions. */
  readonly texts: (key: string) => readonly string[] | undefined;
  /** Of the query: its pairs in trees, by the name before the first bracket. */
  readonly trees?: ReadonlyMap<string, Tree>;
}

/** Checks one group; mistakes are told with their place. */
export function checkGroup(
  { document, validators }: { readonly document: JsonObject; readonly validators: Validators },
  group: ParameterGroup,
  brought: Brought,
): readonly ProblemPlace[] {
  const { location, parameters, schema } = group;
  const values: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const places: ProblemPlace[] = [];
  const empty = new Set<string>();
  for (const parameter of parameters) {
    const value = valueOf(document, parameter, brought);
    if (value === undefined) continue;
    if (value instanceof Unreadable) {
      places.push({ in: location, pointer: below("", parameter.name), detail: value.detail });
      empty.add(below("", parameter.name));
      continue;
    }
    if (value === "" && parameter.allowsEmpty) empty.add(below("", parameter.name));
    values[parameter.name] = value;
  }
  const found = validators.check(schema, values, { direction: "request", isText: true });
  for (const place of found) {
    if (![...empty].some((pointer) => place.pointer === pointer))
      places.push({ in: location, ...place });
  }
  return places;
}

class Unreadable {
  readonly detail: string;
  constructor(detail: string) {
    this.detail = detail;
  }
}

function valueOf(document: JsonObject, parameter: Parameter, brought: Brought): unknown {
  const { key, members } = parameter;
  if (members.size > 0) return spreadValue(document, parameter, brought);
  const tree = brought.trees?.get(key);
  if (tree !== undefined && tree.members.size > 0) return shaped(document, tree, parameter.forms);
  const texts = brought.texts(key);
  if (texts === undefined) return undefined;
  return parameter.isJson ? jsonValue(texts) : textValue(document, parameter, texts);
}

/** An object in style `form`, written out: each of its members is a parameter of the query. */
function spreadValue(
  document: JsonObject,
  { members, forms }: Parameter,
  { texts }: Brought,
): unknown {
  const found = [...members].flatMap((name) => {
    const values = texts(name);
    if (values === undefined) return [];
    const tree = { values: [...values], members: new Map<string, Tree>() };
    return [[name, shaped(document, tree, memberForms(document, forms, name))] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

function jsonValue(texts: readonly string[]): unknown {
  if (texts.length > 1) return new Unreadable("is there more than once");
  try {
    return JSON.parse(texts[0] ?? "");
  } catch {
    return new Unreadable("is not JSON");
  }
}

const SEPARATORS: Readonly<Record<string, string>> = {
  spaceDelimited: " ",
  pipeDelimited: "|",
  label: ".",
};

/** RFC 6570 as OpenAPI 3.1 §4.8.12.4 uses it: an array or an object in one text. */
function textValue(document: JsonObject, parameter: Parameter, texts: readonly string[]): unknown {
  const { kinds, style, explode, forms } = parameter;
  if (texts.length > 1) return texts;
  const [first = ""] = texts;
  const text = style === "label" && first.startsWith(".") ? first.slice(1) : first;
  const isOneText = (style === "form" || style === "deepObject") && explode;
  if (isOneText || kinds.takesText || (!kinds.takesArray && !kinds.takesObject)) {
    return shaped(document, { values: [text], members: new Map() }, forms);
  }
  const separator = style === "label" && !explode ? "," : (SEPARATORS[style] ?? ",");
  const split = text === "" ? [] : text.split(separator);
  // White space after the comma of a list in a header field is no part of its items (RFC 9110 §5.6.1).
  const parts = style === "simple" ? split.map((part) => part.trim()) : split;
  if (kinds.takesArray) return parts;
  return Object.fromEntries(explode ? parts.map(entryOf) : entriesOf(parts));
}

function entryOf(part: string): [string, string] {
  const at = part.indexOf("=");
  return at < 0 ? [part, ""] : [part.slice(0, at), part.slice(at + 1)];
}

function entriesOf(parts: readonly string[]): readonly [string, string][] {
  const entries: [string, string][] = [];
  for (let index = 0; index < parts.length; index += 2) {
    entries.push([parts[index] ?? "", parts[index + 1] ?? ""]);
  }
  return entries;
}

/** What a query brought. Answers what makes it unreadable. */
export function broughtByQuery(query: string, group: ParameterGroup): Brought | string {
  const pairs = readPairs(query.startsWith("?") ? query.slice(1) : query);
  if (typeof pairs === "string") return pairs;
  const byName = new Map<string, string[]>();
  const root = newTree();
  const whole = new Set(group.parameters.map(({ key }) => key));
  for (const pair of pairs) addPair({ byName, root, whole }, pair);
  return { texts: (key) => byName.get(key), trees: root.members };
}

function addPair(
  {
    byName,
    root,
    whole,
  }: { byName: Map<string, string[]>; root: Tree; whole: ReadonlySet<string> },
  pair: Pair,
): void {
  const values = byName.get(pair.name);
  if (values === undefined) byName.set(pair.name, [pair.value]);
  else values.push(pair.value);
  if (stepsOf(pair.name).length > 1) plant(root, pair, whole);
}

/** What the path brought: values that are still percent-encoded. Answers what makes it unreadable. */
export function broughtByPath(parameters: ReadonlyMap<string, string>): Brought | string {
  const decoded = new Map<string, readonly string[]>();
  for (const [name, value] of parameters) {
    const text = decodeText(value);
    if (text === undefined) return "holds escapes that are no UTF-8";
    decoded.set(name, [text]);
  }
  return { texts: (key) => decoded.get(key) };
}

/** Fields as node:http gives them: several lines of one name are one text, or a list. */
export function broughtByHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Brought {
  return {
    texts: (key) => {
      const value = headers[key];
      if (value === undefined) return undefined;
      return typeof value === "string" ? [value] : value;
    },
  };
}

/** RFC 6265 §5.4: `a=1; b=2`. */
export function broughtByCookies(header: string | undefined): Brought {
  const found = new Map<string, string[]>();
  for (const part of (header ?? "").split(";")) {
    const [name, value] = entryOf(part.trim());
    if (name === "") continue;
    const text = decodeText(value) ?? value;
    found.set(name, [...(found.get(name) ?? []), text]);
  }
  return { texts: (key) => found.get(key) };
}
