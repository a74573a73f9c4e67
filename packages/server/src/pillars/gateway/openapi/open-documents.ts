import type { JsonObject } from "./document.ts";
import { readDocument } from "./read-document.ts";
import type { ReadParts } from "./read-document.ts";
import { openDocument } from "./validation/index.ts";
import type { OpenedDocument } from "./validation/index.ts";

/** What of an API's or a version's settings names its document. */
export interface DocumentNamed {
  readonly openapi?: string | JsonObject;
  readonly openapiRemoteRefs?: boolean;
}

/** An API or a version that may name a document. */
export interface Documented extends DocumentNamed {
  /** For mistakes: `api 'shop', version 'v2'`. */
  readonly place: string;
}

/** Documents by how settings name them. */
export interface Documents {
  /** Undefined for settings that name none, or one that could not be used. */
  of(settings: DocumentNamed): OpenedDocument | undefined;
}

/** Documents, and in sentences what is wrong with those that cannot be used. */
export interface OpenedDocuments {
  readonly documents: Documents;
  readonly mistakes: readonly string[];
}

/**
 * Reads the documents that are named, each once. One after the other: they are large, and a start is in no hurry for memory.
 */
export async function openDocuments(
  named: readonly Documented[],
  parts: ReadParts,
): Promise<OpenedDocuments> {
  const opened = new Map<unknown, OpenedDocument | undefined>();
  const mistakes: string[] = [];
  for (const each of named) {
    const { place, openapi } = each;
    const key = keyOf(each);
    if (openapi === undefined || opened.has(key)) continue;
    const remoteRefs = each.openapiRemoteRefs === true;
    const read = await readDocument(openapi, { ...parts, remoteRefs });
    opened.set(key, read.document === undefined ? undefined : openDocument(read.document));
    const name = typeof openapi === "string" ? openapi : "the object";
    for (const { pointer, detail } of read.mistakes ?? []) {
      const where = pointer === "" ? "" : `${pointer} `;
      mistakes.push(`${place}, openapi ${name}: ${where}${detail}`);
    }
  }
  return { documents: { of: (settings) => opened.get(keyOf(settings)) }, mistakes };
}

function keyOf({ openapi, openapiRemoteRefs }: DocumentNamed): unknown {
  return typeof openapi === "string" ? `${openapiRemoteRefs === true} ${openapi}` : openapi;
}
