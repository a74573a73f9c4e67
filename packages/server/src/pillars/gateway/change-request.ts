import { Buffer } from "node:buffer";
import type { Problem } from "portico/kernel";
import { readBody } from "./body.ts";
import type { Call, StepResult } from "./call.ts";
import { editedHeaders, editsOf } from "./edits.ts";
import { raise } from "./errors.ts";
import {
  isJsonType,
  MessageHeaders,
  MessageQuery,
  readJsonBody,
  writeJsonBody,
} from "./message/index.ts";
import type { ReadBody, ReplyMessage, RequestMessage } from "./message/index.ts";
import { belowBase, paramsOf } from "./params.ts";

/** What looks at requests and changes them: a version's chain, a transform, a hook. */
export interface RequestChanger {
  /** False when it never looks into the body: then the body streams on. */
  readonly needsBody: boolean;
  readonly bytesMax: number;
  /** Bodies that are not JSON: passed on as they are, or refused (415). */
  readonly notJson: "pass" | "refuse";
  /** Changes the message in place. What it throws refuses the call. */
  apply(message: RequestMessage, call: Call): void | "answered" | Promise<void | "answered">;
  /** The problem of a result that cannot be forwarded; `reason` is for the operator. */
  readonly broken: (reason: string) => Problem;
}

/**
 * Shows a call's request to a changer, and forwards what it made of it. All or nothing: the changer works on a copy, which
 * is taken over when it has returned. Throws `gateway.bodyNotJson`, `gateway.bodyNotChangeable`, `gateway.bodyTooLarge`.
 */
export function changeRequest(call: Call, changer: RequestChanger): StepResult {
  const headers = new MessageHeaders(headersOf(call));
  const fields = {
    contentType: headers.get("content-type"),
    contentEncoding: headers.get("content-encoding"),
  };
  if (!changer.needsBody || !hasBody(call)) {
    return takeOver(call, changer, { headers, body: hasBody(call) ? OTHER : NONE });
  }
  if (!isReadable(fields)) {
    if (changer.notJson === "refuse") throw raise("gateway.bodyNotChangeable");
    return takeOver(call, changer, { headers, body: OTHER });
  }
  const take = (bytes: Buffer): StepResult => {
    const body = readJsonBody(bytes, fields);
    if (body.kind === "broken") {
      throw raise("gateway.bodyNotJson", { params: { reason: body.reason } });
    }
    return takeOver(call, changer, { headers, body });
  };
  const limit = call.route.api.bodyBytesMax;
  const bytesMax = limit === 0 ? changer.bytesMax : Math.min(limit, changer.bytesMax);
  return readBody(call, bytesMax).then(take);
}

const NONE: ReadBody = { kind: "none" };
const OTHER: ReadBody = { kind: "other" };

/** True for a body that can be read as JSON. */
export function isReadable(fields: {
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
}): boolean {
  const { contentType, contentEncoding } = fields;
  return isJsonType(contentType) && /^\s*(?:identity)?\s*$/i.test(contentEncoding ?? "");
}

function hasBody({ body, isRequestSent }: Call): boolean {
  return body === undefined ? !isRequestSent : body.length > 0;
}

function headersOf({ front, edits }: Call): readonly string[] {
  const { rawHeaders } = front.request;
  return edits === undefined ? rawHeaders : editedHeaders(rawHeaders, edits);
}

interface Shown {
  readonly headers: MessageHeaders;
  readonly body: ReadBody;
}

function takeOver(call: Call, changer: RequestChanger, { headers, body }: Shown): StepResult {
  const { edits, front, route, target } = call;
  const message: RequestMessage = {
    method: edits?.method ?? front.request.method ?? "GET",
    params: paramsOf(route.template, target.path),
    path: belowBase(edits?.path ?? target.path, route.api),
    query: new MessageQuery(edits?.query ?? target.query),
    headers,
    body: body.kind === "json" ? body.value : undefined,
  };
  const done = changer.apply(message, call);
  if (!(done instanceof Promise)) {
    if (done === "answered") return done;
    commit(call, message, { body, changer });
    return undefined;
  }
  return done.then((settled) => {
    if (settled === "answered") return settled;
    commit(call, message, { body, changer });
    return undefined;
  });
}

interface Outcome {
  readonly body: ReadBody;
  readonly changer: RequestChanger;
}

function commit(call: Call, message: RequestMessage, { body, changer }: Outcome): void {
  const bytes = bytesOf(message.body, body, changer);
  const edits = editsOf(call);
  const { basePath } = call.route.api;
  const before = belowBase(edits.path ?? call.target.path, call.route.api);
  if (message.path !== before)
    edits.path = basePath === "/" ? message.path : `${basePath}${message.path}`;
  const query = message.query.toString();
  if (query !== (edits.query ?? call.target.query)) edits.query = query;
  for (const name of message.headers.edited) {
    edits.headers.set(name, message.headers.all(name));
  }
  if (bytes === undefined) return;
  call.body = bytes;
  for (const name of DIGESTS) edits.headers.set(name, []);
  if (!message.headers.has("content-type")) edits.headers.set("content-type", ["application/json"]);
}

/** They speak of the bytes that came (RFC 9530). */
export const DIGESTS: readonly string[] = [
  "content-digest",
  "repr-digest",
  "digest",
  "content-md5",
];

/** Undefined when the body stays as it came. */
function bytesOf(
  made: unknown,
  { kind }: ReadBody,
  { broken }: RequestChanger,
): Buffer | undefined {
  if (made === undefined) return kind === "json" ? Buffer.alloc(0) : undefined;
  if (kind === "other") throw broken("it set the body of a message that is not JSON");
  const bytes = writeJsonBody(made);
  if (bytes === undefined) throw broken("the body that it made has no JSON form");
  return bytes;
}

/** What was asked, in the caller's words. */
export function askedIn({ front, route, target }: Call): ReplyMessage["request"] {
  return {
    method: front.request.method ?? "GET",
    path: belowBase(target.path, route.api),
    params: paramsOf(route.template, target.path),
  };
}

/** A reply that will be changed must come whole and in plain form. */
export function askForWhole(call: Call): void {
  const { headers } = editsOf(call);
  headers.set("accept-encoding", ["identity"]);
  headers.set("range", []);
  headers.set("if-range", []);
}
