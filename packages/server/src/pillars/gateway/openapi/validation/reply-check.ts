import type { Buffer } from "node:buffer";
import type { ProblemPlace } from "portico/kernel";
import type { OpenApiDocument, OpenApiOperation } from "../document.ts";
import { isObject } from "../grammar.ts";
import { resolved } from "../references.ts";
import { checkJson, entriesOf } from "./body.ts";
import type { BodyEntry } from "./body.ts";
import { entryFor, kindOfType, readMediaType } from "./media-types.ts";
import type { Validators } from "./validators.ts";

/** The replies of one operation, by status: `200`, `2XX`, `default`. */
export type ReplyRules = ReadonlyMap<string, readonly BodyEntry[]>;

/** Reads the replies of an operation. */
export function replyRules({ json }: OpenApiDocument, { operation }: OpenApiOperation): ReplyRules {
  const responses = isObject(operation["responses"]) ? operation["responses"] : {};
  return new Map(
    Object.entries(responses).flatMap(([status, entry]) => {
      const response = resolved(json, entry);
      return response === undefined
        ? []
        : [[status.toUpperCase(), entriesOf(response["content"])] as const];
    }),
  );
}

/** What the head of a reply tells. */
export type ReplyLook =
  /** Nothing is said of such a reply, or it has no body. */
  | { readonly kind: "pass" }
  | { readonly kind: "wrong"; readonly place: ProblemPlace }
  /** Its body is JSON, which decides. */
  | { readonly kind: "body"; readonly entry: BodyEntry };

const PASS: ReplyLook = { kind: "pass" };

/** Looks at status and type of a reply. A failure that the document does not name is no mistake: it may be of a proxy. */
export function lookAtReply(
  rules: ReplyRules,
  { status, contentType }: { readonly status: number; readonly contentType: string | undefined },
): ReplyLook {
  const entries =
    rules.get(String(status)) ?? rules.get(`${Math.floor(status / 100)}XX`) ?? rules.get("DEFAULT");
  if (entries === undefined) {
    if (status < 200 || status > 299 || rules.size === 0) return PASS;
    return wrong(`has the status ${status}, which the document does not name`);
  }
  if (entries.length === 0 || status === 204 || status === 304) return PASS;
  const type = readMediaType(contentType);
  const entry = type === undefined ? undefined : entryFor(entries, type.essence);
  if (type === undefined || entry === undefined) {
    const types = entries.map(({ range }) => range).join(", ");
    return wrong(`has the type ${contentType ?? "none"} where the document names ${types}`);
  }
  return kindOfType(type.essence) === "json" ? { kind: "body", entry } : PASS;
}

function wrong(detail: string): ReplyLook {
  return { kind: "wrong", place: { pointer: "", detail } };
}

/** Everything that is wrong with a reply's JSON. */
export function checkReply(
  { document, validators }: { readonly document: OpenApiDocument; readonly validators: Validators },
  entry: BodyEntry,
  bytes: Buffer,
): readonly ProblemPlace[] {
  const parts = { document: document.json, validators };
  const found = checkJson(parts, entry, { bytes, direction: "reply" });
  return found.places ?? [{ pointer: "", detail: `is no JSON: ${found.unreadable}` }];
}
