import type { DocumentMistake, JsonObject } from "./document.ts";
import { lookAtJson } from "./json-text.ts";
import { readYaml } from "./yaml-text.ts";

/** An object read from text, or all that is wrong with the text. */
export type Parsed =
  | { readonly value: JsonObject; readonly mistakes?: undefined }
  | { readonly mistakes: readonly DocumentMistake[]; readonly value?: undefined };

const MISTAKES_MAX = 100;

/** Reads a document's text, JSON or YAML: by what it holds, not by what it is called. */
export async function parseText(text: string): Promise<Parsed> {
  const plain = text.startsWith("\u{FEFF}") ? text.slice(1) : text;
  // A flow mapping of YAML begins with a brace as well, so what is no JSON is tried as YAML.
  const json = /^\s*\{/.test(plain) ? readJson(plain) : undefined;
  if (json !== undefined) return objectOrMistake(json);
  const yaml = await readYaml(plain);
  return "mistakes" in yaml ? { mistakes: yaml.mistakes } : objectOrMistake(yaml);
}

function readJson(text: string): Parsed | { readonly value: unknown } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // YAML's reader tells the line of the mistake.
    return undefined;
  }
  const mistakes = lookAtJson(text, MISTAKES_MAX);
  return mistakes.length > 0 ? { mistakes } : { value };
}

function objectOrMistake(read: Parsed | { readonly value: unknown }): Parsed {
  if ("mistakes" in read && read.mistakes !== undefined) return { mistakes: read.mistakes };
  const { value } = read;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return { value: value as JsonObject };
  }
  return { mistakes: [{ pointer: "", detail: "is no OpenAPI document: it must be an object" }] };
}
