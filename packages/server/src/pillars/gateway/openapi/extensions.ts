import type { RateLimits } from "portico/kernel";
import { readLimit } from "portico/kernel";
import type { DocumentMistake, JsonObject, OpenApiOperation, OperationAuth } from "./document.ts";
import { isObject, METHODS } from "./grammar.ts";
import { below } from "./pointer.ts";

/** Whether requests are checked against the document. */
export type RequestChecks = "off" | "on";
/** What is done about replies that do not fit the document. */
export type ReplyChecks = "off" | "report" | "enforce";

interface Rule {
  readonly test: (value: unknown) => boolean;
  readonly expected: string;
}

const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
const rate: Rule = {
  test: (value) =>
    (Number.isSafeInteger(value) && Number(value) > 0) ||
    (typeof value === "string" && "kind" in readLimit(value)),
  expected: "a whole number of requests per minute, a rate such as 10/s, or the name of a policy",
};

const date: Rule = {
  test: (value) => typeof value === "string" && /^\d{4}-\d{2}-\d{2}(?:T|$)/.test(value),
  expected: "a date such as 2026-11-01, in quotes, or a time (RFC 3339)",
};

function oneOf(...words: readonly string[]): Rule {
  return {
    test: (value) => typeof value === "string" && words.includes(value),
    expected: `one of ${words.join(", ")}`,
  };
}

/**
 * What a document may say to Portico, on an operation, on a path for all of its methods, or at the top for all paths; the
 * nearest counts. Guide: docs/gateway-openapi.md.
 */
const EXTENSIONS: Readonly<Record<string, Rule>> = {
  "x-rate-limit": rate,
  "x-portico-rate-limit": rate,
  "x-portico-auth": oneOf("none", "key", "token", "either"),
  "x-portico-permissions": {
    test: (value) => Array.isArray(value) && value.every(isText),
    expected: "a list of permissions",
  },
  "x-portico-validate": oneOf("off", "on"),
  "x-portico-responses": oneOf("off", "report", "enforce"),
  "x-portico-hidden": {
    test: (value) => typeof value === "boolean",
    expected: "true or false",
  },
  "x-deprecated-at": date,
  "x-sunset": date,
  "x-portico-route": { test: isObject, expected: "an object of a route's settings" },
};

/** What a document says to Portico about one operation. */
export interface Said {
  readonly rateLimit: RateLimits | undefined;
  readonly auth: OperationAuth | undefined;
  readonly permissions: readonly string[] | undefined;
  readonly validate: RequestChecks | undefined;
  readonly responses: ReplyChecks | undefined;
  /** No route, no page. */
  readonly isHidden: boolean;
  /** Any further setting of a route, as it would stand in `routes`. */
  readonly route: JsonObject;
}

/** Reads the extensions of an operation. They have been looked at when the document was read. */
export function saidOf(json: JsonObject, { operation, item }: OpenApiOperation): Said {
  const said = (name: string): unknown => operation[name] ?? item[name] ?? json[name];
  const route = said("x-portico-route");
  return {
    rateLimit: (said("x-portico-rate-limit") ?? said("x-rate-limit")) as Said["rateLimit"],
    auth: said("x-portico-auth") as Said["auth"],
    permissions: said("x-portico-permissions") as Said["permissions"],
    validate: said("x-portico-validate") as Said["validate"],
    responses: said("x-portico-responses") as Said["responses"],
    isHidden: said("x-portico-hidden") === true,
    route: {
      ...whenSaid("deprecatedAt", said("x-deprecated-at")),
      ...whenSaid("sunsetAt", said("x-sunset")),
      ...(isObject(route) ? route : {}),
    },
  };
}

function whenSaid(name: string, value: unknown): JsonObject {
  return value === undefined ? {} : { [name]: value };
}

/** Extensions that say what Portico does not know. */
export function lookAtExtensions(json: JsonObject): readonly DocumentMistake[] {
  const paths = isObject(json["paths"]) ? json["paths"] : {};
  const places: (readonly [unknown, string])[] = [[json, ""]];
  for (const [path, item] of Object.entries(paths)) {
    const pointer = below("/paths", path);
    places.push([item, pointer]);
    if (!isObject(item)) continue;
    for (const method of METHODS) places.push([item[method], below(pointer, method)]);
  }
  return places.flatMap(([node, pointer]) => (isObject(node) ? mistakesOf(node, pointer) : []));
}

function mistakesOf(node: JsonObject, pointer: string): readonly DocumentMistake[] {
  return Object.entries(node).flatMap(([name, value]) => {
    const place = below(pointer, name);
    const rule = Object.hasOwn(EXTENSIONS, name) ? EXTENSIONS[name] : undefined;
    if (rule !== undefined) {
      return rule.test(value) ? [] : [{ pointer: place, detail: `must be ${rule.expected}` }];
    }
    if (!name.startsWith("x-portico-")) return [];
    const known = Object.keys(EXTENSIONS).join(", ");
    return [{ pointer: place, detail: `is no extension that Portico knows; there are ${known}` }];
  });
}

/** True for what was said to Portico, and is nothing for a reader of the pages. */
export function isOurs(name: string): boolean {
  return name.startsWith("x-portico-");
}
