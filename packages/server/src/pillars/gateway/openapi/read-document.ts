import { resolve as resolvePath } from "node:path";
import { absolute, bundle, hasRemoteReferences } from "./bundle.ts";
import { lookAtShape } from "./check-document.ts";
import { lookAtCycles } from "./cycles.ts";
import type { DocumentMistake, JsonObject, OpenApiDocument, ReadOutcome } from "./document.ts";
import { isObject } from "./grammar.ts";
import { lookAtJson } from "./json-text.ts";
import { isAddress, loadSource } from "./load-source.ts";
import type { Loaded, LoadParts } from "./load-source.ts";
import { operationsOf } from "./operations.ts";
import { parseText } from "./parse-text.ts";
import type { Parsed } from "./parse-text.ts";
import { lookAtReferences } from "./references.ts";
import { upgradeTo31 } from "./upgrade.ts";

/** How documents are read. */
export interface ReadParts extends LoadParts {
  /** Draw in what the document refers to outside itself; refused when left out. */
  readonly remoteRefs?: boolean;
  /** The source's text, where it has been loaded already. */
  readonly loaded?: Loaded;
}

const MISTAKES_MAX = 100;

/**
 * Reads an OpenAPI document 3.0 or 3.1 from a file, an address, or an object, and answers it in its one form, or everything that
 * is wrong with it. Never throws for what a document holds.
 *
 * @example
 * const { document, mistakes } = await readDocument("./openapi.yaml", { folder: "/etc/portico" });
 * if (document === undefined) for (const { pointer, detail } of mistakes) console.error(pointer, detail);
 */
export async function readDocument(
  source: string | JsonObject,
  parts: ReadParts = {},
): Promise<ReadOutcome> {
  const name = typeof source === "string" ? source : "given as an object";
  const parsed = typeof source === "string" ? await parsedSource(source, parts) : ownCopy(source);
  if (parsed.mistakes !== undefined) return refused(parsed.mistakes);
  const version = faultOfVersion(parsed.value);
  if (version !== undefined) return refused([version]);
  const bundled = await bundledIfAllowed(parsed.value, { source, parts });
  return finish(bundled, name);
}

async function parsedSource(source: string, parts: ReadParts): Promise<Parsed> {
  const loaded = parts.loaded ?? (await loadSource(source, parts));
  if ("fault" in loaded) return { mistakes: [{ pointer: "", detail: loaded.fault }] };
  return parseText(loaded.text);
}

/** What was given may be changed by its owner, and may hold what JSON does not. */
function ownCopy(source: JsonObject): Parsed {
  try {
    const text = JSON.stringify(source);
    const mistakes = lookAtJson(text, MISTAKES_MAX);
    return mistakes.length > 0 ? { mistakes } : { value: JSON.parse(text) as JsonObject };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { mistakes: [{ pointer: "", detail: `is an object that JSON cannot hold: ${reason}` }] };
  }
}

function refused(mistakes: readonly DocumentMistake[]): ReadOutcome {
  return { mistakes: mistakes.slice(0, MISTAKES_MAX) };
}

function faultOfVersion(json: JsonObject): DocumentMistake | undefined {
  const { openapi, swagger } = json;
  if (typeof openapi === "string" && /^3\.[01](?:\.\d+)?(?:-\w+)?$/.test(openapi)) return undefined;
  if (swagger !== undefined) {
    const detail = `is Swagger ${JSON.stringify(swagger)}; 3.0 and 3.1 are read, so convert it first`;
    return { pointer: "/swagger", detail };
  }
  const got = openapi === undefined ? "nothing" : JSON.stringify(openapi);
  return { pointer: "/openapi", detail: `must be 3.0 or 3.1, as in "3.1.0"; got ${got}` };
}

async function bundledIfAllowed(
  json: JsonObject,
  { source, parts }: { readonly source: string | JsonObject; readonly parts: ReadParts },
): Promise<Bundled> {
  if (parts.remoteRefs !== true || !hasRemoteReferences(json)) return { json, mistakes: [] };
  const folder = resolvePath(parts.folder ?? ".", "openapi.json");
  const base = typeof source === "string" ? absolute(folder, source) : folder;
  return bundle({ json, base }, parts);
}

interface Bundled {
  readonly json: JsonObject;
  readonly mistakes: readonly DocumentMistake[];
}

function finish({ json, mistakes: unbundled }: Bundled, source: string): ReadOutcome {
  const given = String(json["openapi"]);
  const upgraded = given.startsWith("3.0") ? upgradeTo31(json) : json;
  const shape = lookAtShape(upgraded);
  const references = unbundled.length > 0 ? unbundled : lookAtReferences(upgraded);
  const { operations, mistakes } = operationsOf(upgraded);
  const isWhole = shape.length === 0 && references.length === 0;
  const cycles = isWhole ? lookAtCycles(upgraded) : [];
  const all = [...shape, ...references, ...cycles, ...mistakes];
  if (all.length > 0) return refused(all);
  const info = isObject(upgraded["info"]) ? upgraded["info"] : {};
  const document: OpenApiDocument = {
    source,
    given,
    json: upgraded,
    title: textOf(info["title"]),
    version: textOf(info["version"]),
    basePath: basePathOf(upgraded, source),
    operations,
  };
  return { document };
}

/** YAML makes a number of `version: 1.0`. */
function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** The path of the first server, which may be relative to where the document is (§4.8.5); variables take their defaults. */
function basePathOf(json: JsonObject, source: string): string {
  const servers: unknown = json["servers"];
  const first: unknown = Array.isArray(servers) ? servers[0] : undefined;
  if (!isObject(first) || typeof first["url"] !== "string") return "/";
  const variables = isObject(first["variables"]) ? first["variables"] : {};
  const url = first["url"].replaceAll(/\{([^{}]*)\}/g, (whole, name: string) => {
    const variable = variables[name];
    return isObject(variable) ? textOf(variable["default"]) : whole;
  });
  const base = isAddress(source) ? source : "http://localhost/";
  if (!URL.canParse(url, base)) return "/";
  const path = new URL(url, base).pathname.replace(/\/+$/, "");
  return path === "" ? "/" : path;
}
