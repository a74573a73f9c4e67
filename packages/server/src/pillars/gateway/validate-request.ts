import type { ProblemPlace } from "portico/kernel";
import { readBody } from "./body.ts";
import type { Call, Step } from "./call.ts";
import { raise } from "./errors.ts";
import { note } from "./notes.ts";
import {
  checkBody,
  checkHead,
  decode,
  entryFor,
  kindOfType,
  readMediaType,
} from "./openapi/index.ts";
import type { BodyEntry, BodyRules, MediaType, RequestChecking } from "./openapi/index.ts";
import { readParameters } from "./template.ts";

const NO_PARAMETERS: ReadonlyMap<string, string> = new Map();

/**
 * Checks a request against its operation before it costs anything. A request without a body is judged at once; a body that is
 * checked is read first, and forwarded as it came.
 */
export function validateStep(checking: RequestChecking): Step {
  return { name: "validate", run: (call) => validate(checking, call) };
}

function validate(checking: RequestChecking, call: Call): void | Promise<void> {
  const { rules, template } = checking;
  const { target, front } = call;
  const places = checkHead(checking, rules, {
    path: readParameters(template, target.path) ?? NO_PARAMETERS,
    query: target.query,
    headers: front.request.headers,
  });
  const { body } = rules;
  if (body === undefined) {
    refuseIfAny(places);
    return undefined;
  }
  if (call.isRequestSent && call.body === undefined) {
    refuseIfAny(body.isRequired ? [...places, missingBody(body)] : places);
    return undefined;
  }
  return validateBody(checking, call, { body, places });
}

interface Judged {
  readonly body: BodyRules;
  readonly places: readonly ProblemPlace[];
}

function validateBody(
  checking: RequestChecking,
  call: Call,
  { body, places }: Judged,
): void | Promise<void> {
  const field = call.front.request.headers["content-type"];
  const type = readMediaType(field);
  const entry = type === undefined ? undefined : entryFor(body.entries, type.essence);
  if (type === undefined || entry === undefined || !isUtf8(type)) {
    const got = field === undefined ? "without a type" : `of the type '${field}'`;
    throw raise("gateway.mediaTypeRefused", { params: { got, types: body.types } });
  }
  const isStreamed =
    kindOfType(type.essence) === "other" || isLongMultipart(call, type, checking.bytesMax);
  if (isStreamed) {
    refuseIfAny(places);
    note(call.notes, { step: "validation", outcome: "unchecked", facts: { body: type.essence } });
    return undefined;
  }
  return readAndCheck(checking, call, { body, places, entry, type });
}

function isUtf8({ essence, charset }: MediaType): boolean {
  const kind = kindOfType(essence);
  if (kind !== "json" && kind !== "form") return true;
  return (
    charset === undefined || charset === "utf-8" || charset === "utf8" || charset === "us-ascii"
  );
}

/** Files are let through as they stream: holding them would make memory of every upload. */
function isLongMultipart(
  { fields, body }: Call,
  { essence }: MediaType,
  bytesMax: number,
): boolean {
  if (kindOfType(essence) !== "multipart" || body !== undefined) return false;
  return fields === undefined || fields.isChunked || fields.contentLength > bytesMax;
}

interface Reading extends Judged {
  readonly entry: BodyEntry;
  readonly type: MediaType;
}

async function readAndCheck(
  checking: RequestChecking,
  call: Call,
  { body, places, entry, type }: Reading,
): Promise<void> {
  const { document, validators, bytesMax } = checking;
  const raw = await readBody(call, bytesMax);
  if (raw.length === 0) {
    refuseIfAny(body.isRequired ? [...places, missingBody(body)] : places);
    return;
  }
  const bytes = plainBody(raw, call.front.request.headers["content-encoding"], bytesMax);
  const parts = { document: document.json, validators };
  const found = checkBody(parts, entry, { bytes, type });
  if (found.unreadable !== undefined) {
    throw raise("gateway.bodyUnreadable", {
      params: { type: type.essence, reason: found.unreadable },
    });
  }
  refuseIfAny([...places, ...found.places]);
}

function plainBody(raw: Buffer, coding: string | undefined, max: number): Buffer {
  const decoded = decode(raw, coding, max);
  if ("bytes" in decoded) return decoded.bytes;
  switch (decoded.fault) {
    case "coding":
      throw raise("gateway.contentCodingRefused", { params: { coding: coding ?? "" } });
    case "tooLarge":
      throw raise("gateway.bodyTooLarge", { params: { max } });
    case "malformed":
      throw raise("gateway.bodyUnreadable", {
        params: { type: coding ?? "", reason: "its content coding cannot be taken off" },
      });
  }
}

function missingBody({ types }: BodyRules): ProblemPlace {
  return { pointer: "", detail: `is missing: this operation takes a body of ${types}` };
}

function refuseIfAny(places: readonly ProblemPlace[]): void {
  if (places.length === 0) return;
  throw raise("gateway.requestInvalid", { params: { count: places.length }, errors: places });
}
