import {
  Ajv,
  type ErrorObject,
  type FormatDefinition,
  type Options,
  type ValidateFunction,
} from "ajv";
import ajvFormats from "ajv-formats";
import type { TSchema } from "typebox";
import type { ProblemPlace } from "../../base/index.ts";
import { openRecords } from "./records.ts";

/** Checks one part of a request; answers what is wrong with it, nothing when it fits. May fill in defaults. */
export type CheckPart = (value: unknown) => readonly ProblemPlace[];

/** Which part of a request a schema is for. */
export type Part = "path" | "query" | "body";

/** Compiles schemas once for all operations of a server. */
export interface Validators {
  compile(schema: TSchema, part: Part): CheckPart;
}

const PLACES_MAX = 100;
const OPTIONS: Options = {
  strict: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  addUsedSchema: false,
  useDefaults: true,
  // Also lets the code of plugins keep an eye on nothing but the schema: names from strangers are own members only.
  ownProperties: true,
};

/** Checks that were made, by the schema's own object: two servers of one process share them, since they keep nothing. */
const known: Readonly<Record<Part, WeakMap<TSchema, CheckPart>>> = {
  path: new WeakMap(),
  query: new WeakMap(),
  body: new WeakMap(),
};

/**
 * Makes the compilers. Path and query arrive as text and are coerced; bodies are taken as they are. A schema is looked at
 * here and compiled when it is first used: compiling those of all operations is most of what a start costs.
 */
export function createValidators(): Validators {
  const strict = new Compilers({});
  const coercing = new Compilers({ coerceTypes: "array" });
  return {
    compile: (given, part) => {
      const made = known[part].get(given);
      if (made !== undefined) return made;
      const compilers = part === "body" ? strict : coercing;
      const check = checkOf(given, part, compilers);
      known[part].set(given, check);
      return check;
    },
  };
}

function checkOf(given: TSchema, part: Part, { first, all }: Compilers): CheckPart {
  const schema = openRecords(given);
  if (first.validateSchema(schema) !== true) {
    throw new TypeError(`a schema is no JSON Schema: ${first.errorsText(first.errors)}`);
  }
  let fits: ValidateFunction | undefined;
  let explains: ValidateFunction | undefined;
  return (value) => {
    fits ??= first.compile(schema);
    if (fits(value)) return [];
    // A second validator tells everything that is wrong; the first stops early, so good requests stay cheap.
    explains ??= all.compile(schema);
    explains(value);
    const errors = explains.errors ?? fits.errors ?? [];
    return errors.slice(0, PLACES_MAX).map((error) => placeOf(error, part));
  };
}

class Compilers {
  readonly first: Ajv;
  readonly all: Ajv;

  constructor(options: Options) {
    this.first = withFormats(new Ajv({ ...OPTIONS, ...options }));
    this.all = withFormats(new Ajv({ ...OPTIONS, ...options, allErrors: true, verbose: true }));
  }
}

function withFormats(ajv: Ajv): Ajv {
  ajvFormats.default(ajv);
  // The package's own definition, which its type gives as any of seven forms.
  const rfc3339 = ajvFormats.default.get("date-time") as FormatDefinition<string> & {
    readonly validate: (text: string) => boolean;
  };
  // RFC 3339 has leap seconds and Date has none: what handlers read with `Date.parse` must be a time.
  const validate = (text: string): boolean =>
    rfc3339.validate(text) && Number.isFinite(Date.parse(text));
  ajv.addFormat("date-time", { ...rfc3339, validate });
  return ajv;
}

function placeOf(error: ErrorObject, part: Part): ProblemPlace {
  const place = { pointer: pointerOf(error), detail: detailOf(error) };
  return part === "body" ? place : { ...place, in: part };
}

function pointerOf({ instancePath, params }: ErrorObject): string {
  const member: unknown = params["missingProperty"] ?? params["additionalProperty"];
  if (typeof member !== "string") return instancePath;
  return `${instancePath}/${member.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

function detailOf(error: ErrorObject): string {
  const { keyword, params, message = "does not fit" } = error;
  switch (keyword) {
    case "required":
      return "is missing";
    case "additionalProperties":
      return "is not known here";
    case "type":
      return `must be ${kindList(params["type"])}; got ${kindOf(error.data)}`;
    case "enum":
      return `must be one of ${JSON.stringify(params["allowedValues"])}`;
    case "const":
      return `must be ${JSON.stringify(params["allowedValue"])}`;
    default:
      return message;
  }
}

function kindList(type: unknown): string {
  return Array.isArray(type) ? type.join(" or ") : String(type);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
