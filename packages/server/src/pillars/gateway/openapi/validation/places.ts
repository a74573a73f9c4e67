import type { ErrorObject } from "ajv";
import type { ProblemPlace } from "portico/kernel";
import { below } from "../pointer.ts";

/** How many mistakes of one part are told. */
const PLACES_MAX = 100;
const CHOICES_SHOWN = 12;

/** What a validator found, in sentences: one for each place and kind, without the noise of forms that were only tried. */
export function placesOf(errors: readonly ErrorObject[]): readonly ProblemPlace[] {
  // A value that fits none of several forms is told once, not once for each form.
  const formless = new Set(
    errors.filter(({ keyword }) => isForm(keyword)).map(({ instancePath }) => instancePath),
  );
  const found = new Map<string, ProblemPlace>();
  for (const error of errors) {
    if (SILENT.has(error.keyword)) continue;
    if (
      formless.has(error.instancePath) &&
      !isForm(error.keyword) &&
      error.keyword !== "required"
    ) {
      continue;
    }
    const place = { pointer: pointerOf(error), detail: detailOf(error) };
    found.set(`${place.pointer} ${place.detail}`, place);
    if (found.size >= PLACES_MAX) break;
  }
  return [...found.values()];
}

/** Only tell that something else failed, which is told by itself. */
const SILENT = new Set(["if", "allOf", "porticoReference"]);

function isForm(keyword: string): boolean {
  return keyword === "anyOf" || keyword === "oneOf";
}

function pointerOf({ instancePath, params }: ErrorObject): string {
  const member: unknown =
    params["missingProperty"] ?? params["additionalProperty"] ?? params["unevaluatedProperty"];
  return typeof member === "string" ? below(instancePath, member) : instancePath;
}

function detailOf(error: ErrorObject): string {
  const { keyword, params, message = "does not fit" } = error;
  switch (keyword) {
    case "required":
      return "is missing";
    case "additionalProperties":
    case "unevaluatedProperties":
    case "false schema":
      return "is not known here";
    case "type":
      return `must be ${wordsOf(params["type"])}; got ${gotIn(error)}`;
    case "enum":
      return `must be one of ${choicesOf(params["allowedValues"])}`;
    case "const":
      return `must be ${JSON.stringify(params["allowedValue"])}`;
    case "anyOf":
      return `fits none of the forms it may have; got ${gotIn(error)}`;
    case "oneOf":
      return params["passingSchemas"] === null || params["passingSchemas"] === undefined
        ? `fits none of the forms it may have; got ${gotIn(error)}`
        : "fits more than one of the forms of which it must have one";
    default:
      return message;
  }
}

function wordsOf(type: unknown): string {
  return Array.isArray(type) ? type.join(" or ") : String(type);
}

function choicesOf(values: unknown): string {
  const list: readonly unknown[] = Array.isArray(values) ? values : [];
  const shown = list.slice(0, CHOICES_SHOWN).map((value) => JSON.stringify(value));
  const more = list.length - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}

/** Ajv gives an error that passes through a keyword of ours the data of that keyword: what it was about is kept. */
export function withKind(error: ErrorObject): ErrorObject {
  const { params, data } = error;
  return GOT in params ? error : { ...error, params: { ...params, [GOT]: kindOf(data) } };
}

const GOT = "porticoGot";

function gotIn({ params, data }: ErrorObject): string {
  const got: unknown = params[GOT];
  return typeof got === "string" ? got : kindOf(data);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
