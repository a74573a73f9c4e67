import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject, OpenApiDocument } from "./document.ts";
import { readDocument } from "./read-document.ts";
import type { ReadParts } from "./read-document.ts";

/** Of every document here. */
export const info = { title: "Shop", version: "1.2" };
/** Replies that say nothing. */
export const ok = { responses: { 200: { description: "Good" } } };

/** A small document. */
export function shop(more: JsonObject = {}): JsonObject {
  return {
    openapi: "3.1.0",
    info,
    paths: { "/items": { get: { operationId: "list", ...ok } } },
    ...more,
  };
}

/** What is wrong with a document, one line each. */
export async function mistakesOf(
  source: string | JsonObject,
  parts: ReadParts = {},
): Promise<readonly string[]> {
  const { mistakes } = await readDocument(source, parts);
  return (mistakes ?? []).map(({ pointer, detail }) => `${pointer} ${detail}`);
}

/** A folder of files, gone afterwards. */
export async function folderOf(
  files: Readonly<Record<string, string>>,
): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "portico-openapi-"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

/** A document that is good. */
export async function read(
  source: string | JsonObject,
  parts: ReadParts = {},
): Promise<OpenApiDocument> {
  const { document, mistakes } = await readDocument(source, parts);
  if (document === undefined) throw new TypeError(JSON.stringify(mistakes));
  return document;
}
