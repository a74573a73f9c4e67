import type { JsonObject } from "./document.ts";
import { readDocument } from "./read-document.ts";
import type { ReadParts } from "./read-document.ts";
import { openDocument } from "./validation/index.ts";
import type { OpenedDocument } from "./validation/index.ts";

/** An API that may have a document. */
export interface Documented {
  readonly id: string;
  readonly openapi?: string | JsonObject;
  readonly openapiRemoteRefs?: boolean;
}

/** The documents of several APIs, by the id of each; and in sentences what is wrong with those that cannot be used. */
export interface OpenedDocuments {
  readonly documents: ReadonlyMap<string, OpenedDocument>;
  readonly mistakes: readonly string[];
}

/** Reads the documents of all APIs that name one, one after the other: each is large, and a start is in no hurry for memory. */
export async function openDocuments(
  apis: readonly Documented[],
  parts: ReadParts,
): Promise<OpenedDocuments> {
  const documents = new Map<string, OpenedDocument>();
  const mistakes: string[] = [];
  for (const { id, openapi, openapiRemoteRefs } of apis) {
    if (openapi === undefined) continue;
    const read = await readDocument(openapi, { ...parts, remoteRefs: openapiRemoteRefs === true });
    if (read.document !== undefined) {
      documents.set(id, openDocument(read.document));
      continue;
    }
    const name = typeof openapi === "string" ? openapi : "the object";
    for (const { pointer, detail } of read.mistakes) {
      mistakes.push(
        `api '${id}', openapi ${name}: ${pointer === "" ? "" : `${pointer} `}${detail}`,
      );
    }
  }
  return { documents, mistakes };
}
