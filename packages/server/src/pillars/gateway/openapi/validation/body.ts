import type { Buffer } from "node:buffer";
import type { ProblemPlace } from "portico/kernel";
import type { JsonObject } from "../document.ts";
import { isObject } from "../grammar.ts";
import { lookAtJson } from "../json-text.ts";
import { below } from "../pointer.ts";
import { kindOfType } from "./media-types.ts";
import type { BodyKind, MediaType } from "./media-types.ts";
import { readParts } from "./multipart.ts";
import { formsOf, kindsOf, memberForms, namesOf, shaped } from "./shape.ts";
import type { Forms } from "./shape.ts";
import { newTree, plant, readPairs } from "./text-values.ts";
import type { Validators } from "./validators.ts";

/** One media type that an operation takes or answers. */
export interface BodyEntry {
  /** `application/json`, `image/*`: in lower case, without parameters. */
  readonly range: string;
  readonly kind: BodyKind;
  readonly schema: JsonObject | boolean;
}

/** Reads `content`. */
export function entriesOf(content: unknown): readonly BodyEntry[] {
  return Object.entries(isObject(content) ? content : {}).map(([type, entry]) => {
    const range = (type.split(";")[0] ?? "").trim().toLowerCase();
    const schema = isObject(entry) ? entry["schema"] : undefined;
    return {
      range,
      kind: kindOfType(range),
      schema: isObject(schema) || typeof schema === "boolean" ? schema : true,
    };
  });
}

/** What looking at a body gives: places to correct, or why it cannot be read at all. */
export type BodyFinding =
  | { readonly places: readonly ProblemPlace[]; readonly unreadable?: undefined }
  | { readonly unreadable: string; readonly places?: undefined };

/** What bodies are looked at with. */
export interface BodyParts {
  readonly document: JsonObject;
  readonly validators: Validators;
}

/** Checks the body of a request, decoded from its content coding. */
export function checkBody(
  parts: BodyParts,
  entry: BodyEntry,
  { bytes, type }: { readonly bytes: Buffer; readonly type: MediaType },
): BodyFinding {
  switch (kindOfType(type.essence)) {
    case "json":
      return checkJson(parts, entry, { bytes, direction: "request" });
    case "form":
      return checkForm(parts, entry, bytes);
    case "multipart":
      return checkMultipart(parts, entry, { bytes, boundary: type.boundary ?? "" });
    case "other":
      return { places: [] };
  }
}

/** Checks a body of JSON, on either way. */
export function checkJson(
  { validators }: BodyParts,
  { schema }: BodyEntry,
  { bytes, direction }: { readonly bytes: Buffer; readonly direction: "request" | "reply" },
): BodyFinding {
  const text = textOf(bytes);
  if (text === undefined) return { unreadable: "it is not UTF-8" };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { unreadable: error instanceof Error ? error.message : String(error) };
  }
  const [fault] = lookAtJson(text, 1);
  if (fault !== undefined) return { unreadable: `${fault.pointer} ${fault.detail}` };
  return { places: validators.check(schema, value, { direction, isText: false }) };
}

function textOf(bytes: Buffer): string | undefined {
  try {
    // A byte order mark is no JSON (RFC 8259 §8.1), and no part of a form's first name.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function checkForm(
  { document, validators }: BodyParts,
  entry: BodyEntry,
  bytes: Buffer,
): BodyFinding {
  const text = textOf(bytes);
  if (text === undefined) return { unreadable: "it is not UTF-8" };
  const pairs = readPairs(text);
  if (typeof pairs === "string") return { unreadable: `it ${pairs}` };
  const forms = formsOf(document, [entry.schema]);
  const root = newTree();
  const whole = namesOf(forms);
  for (const pair of pairs) plant(root, pair, whole);
  const value = membersOf(document, root, forms);
  return { places: validators.check(entry.schema, value, { direction: "request", isText: true }) };
}

/** The top of a form is an object, whatever its names look like. */
function membersOf(
  document: JsonObject,
  { members }: ReturnType<typeof newTree>,
  forms: Forms,
): Record<string, unknown> {
  const out = Object.create(null) as Record<string, unknown>;
  for (const [name, member] of members) {
    out[name] = shaped(document, member, memberForms(document, forms, name));
  }
  return out;
}

interface MultipartBody {
  readonly bytes: Buffer;
  readonly boundary: string;
}

/** Fields are checked; files only for being there. */
function checkMultipart(
  { document, validators }: BodyParts,
  entry: BodyEntry,
  { bytes, boundary }: MultipartBody,
): BodyFinding {
  const parts = readParts(bytes, boundary);
  if (typeof parts === "string") return { unreadable: `it ${parts}` };
  const forms = formsOf(document, [entry.schema]);
  const whole = namesOf(forms);
  const root = newTree();
  const parsed: [string, unknown][] = [];
  const files = new Set<string>();
  for (const part of parts) {
    const text = part.isFile ? "" : textOf(part.bytes);
    if (text === undefined) return { unreadable: `its part '${part.name}' is not UTF-8` };
    if (part.isFile) files.add(below("", part.name.split("[")[0] ?? ""));
    const json = part.isFile ? undefined : jsonPart({ document, forms, part, text });
    if (json === undefined) plant(root, { name: part.name, value: text }, whole);
    else parsed.push([part.name, json.value]);
  }
  const value = { ...membersOf(document, root, forms), ...Object.fromEntries(parsed) };
  const places = validators.check(entry.schema, value, { direction: "request", isText: true });
  const isOfFile = ({ pointer }: ProblemPlace): boolean =>
    [...files].some((file) => pointer === file || pointer.startsWith(`${file}/`));
  return { places: places.filter((place) => !isOfFile(place)) };
}

interface TextPart {
  readonly document: JsonObject;
  readonly forms: Forms;
  readonly part: { readonly name: string; readonly type: string };
  readonly text: string;
}

/** A part is JSON when it says so, or when its property is an object (OpenAPI 3.1 §4.8.14.4). */
function jsonPart({
  document,
  forms,
  part,
  text,
}: TextPart): { readonly value: unknown } | undefined {
  const kinds = kindsOf(memberForms(document, forms, part.name));
  const isJson = kindOfType(part.type) === "json" || (kinds.takesObject && !kinds.takesText);
  if (!isJson) return undefined;
  try {
    return { value: JSON.parse(text) };
  } catch {
    // Told as what it is: a text where something else was asked for.
    return undefined;
  }
}
