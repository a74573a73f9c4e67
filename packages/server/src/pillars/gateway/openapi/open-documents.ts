import { Buffer } from "node:buffer";
import type { JsonObject } from "./document.ts";
import { loadSource } from "./load-source.ts";
import type { Loaded } from "./load-source.ts";
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

/** A document that is open, with what its text was. */
interface KnownDocument {
  readonly opened: OpenedDocument | undefined;
  /** Undefined for what has to be read anew each time: a mistake, or a document that draws in others. */
  readonly fingerprint: string | undefined;
}

/** Documents by what names them, to be taken over while they are the same. */
export type KnownDocuments = ReadonlyMap<unknown, KnownDocument>;

/** Documents, and in sentences what is wrong with those that cannot be used. */
export interface OpenedDocuments {
  readonly known: KnownDocuments;
  readonly documents: Documents;
  readonly mistakes: readonly string[];
}

/**
 * Reads the documents that are named, each once; one whose text is what it was before stays open as it is. One after the other: they are large, and a start is in no hurry for memory.
 */
export async function openDocuments(
  named: readonly Documented[],
  parts: ReadParts,
  before: KnownDocuments = new Map(),
): Promise<OpenedDocuments> {
  const known = new Map<unknown, KnownDocument>();
  const mistakes: string[] = [];
  for (const each of named) {
    const { place, openapi } = each;
    const key = keyOf(each);
    if (openapi === undefined || known.has(key)) continue;
    const remoteRefs = each.openapiRemoteRefs === true;
    const loaded = typeof openapi === "string" ? await loadSource(openapi, parts) : undefined;
    const fingerprint = remoteRefs ? undefined : await fingerprintOf(loaded);
    const old = before.get(key);
    if (old?.fingerprint !== undefined && old.fingerprint === fingerprint) {
      known.set(key, old);
      continue;
    }
    const given = loaded === undefined ? parts : { ...parts, loaded };
    const read = await readDocument(openapi, { ...given, remoteRefs });
    const opened = read.document === undefined ? undefined : openDocument(read.document);
    known.set(key, { opened, fingerprint: opened === undefined ? undefined : fingerprint });
    const name = typeof openapi === "string" ? openapi : "the object";
    for (const { pointer, detail } of read.mistakes ?? []) {
      const where = pointer === "" ? "" : `${pointer} `;
      mistakes.push(`${place}, openapi ${name}: ${where}${detail}`);
    }
  }
  const documents = { of: (settings: DocumentNamed) => known.get(keyOf(settings))?.opened };
  return { documents, known, mistakes };
}

/** Of a text; an object in the settings is known by itself. Off the main thread, since documents are large. */
async function fingerprintOf(loaded: Loaded | undefined): Promise<string | undefined> {
  if (loaded === undefined) return "the object";
  if ("fault" in loaded) return undefined;
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(loaded.text));
  return Buffer.from(hash).toString("base64url");
}

function keyOf({ openapi, openapiRemoteRefs }: DocumentNamed): unknown {
  return typeof openapi === "string" ? `${openapiRemoteRefs === true} ${openapi}` : openapi;
}
