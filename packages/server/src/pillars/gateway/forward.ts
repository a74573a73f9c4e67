import type { Authenticator } from "portico/kernel";
import type { Call } from "./call.ts";
import { editedHeaders } from "./edits.ts";
import { raise } from "./errors.ts";
import type { IdentitySigner } from "./identity.ts";
import { IDENTITY_HEADER, originLines, readFields } from "./request-head.ts";
import type { ReadFields } from "./request-head.ts";

/** What the upstream's head is written with. */
export interface ForwardParts {
  readonly identity: IdentitySigner;
  readonly authenticators: readonly Authenticator[];
  /** Our name in `Via`: the same in every process of the installation. */
  readonly via: string;
  readonly makeSpan: () => string;
}

/** Sorts the request's fields. Throws `gateway.headRefused`, `gateway.loop`, `gateway.bodyTooLarge`. */
export function readHead({ via }: ForwardParts, call: Call): void {
  const read = readFields(call.front.request.rawHeaders);
  if (read.objection !== undefined) {
    throw raise("gateway.headRefused", { params: { reason: read.objection } });
  }
  if (read.via !== "" && read.via.includes(via)) throw raise("gateway.loop");
  const bodyBytesMax = bodyLimit(call);
  if (bodyBytesMax > 0 && read.contentLength > bodyBytesMax) {
    throw raise("gateway.bodyTooLarge", { params: { max: bodyBytesMax } });
  }
  // RFC 9110 §10.1.1: HTTP/1.0 knows no 100, and would take it for the answer.
  if (call.front.request.httpVersionMinor === 0) read.expectsContinue = false;
  call.fields = read;
  call.isRequestSent = !read.isChunked && read.contentLength <= 0;
}

/**
 * Writes the request's head as the upstream gets it, after `readHead`. Every field of the caller's is sorted before one
 * of ours is added.
 */
export function upstreamHead(parts: ForwardParts, call: Call): string {
  const { front, route, edits } = call;
  const { request } = front;
  const { api } = route;
  const rawHeaders =
    edits === undefined ? request.rawHeaders : editedHeaders(request.rawHeaders, edits);
  const read =
    call.fields === undefined || rawHeaders !== request.rawHeaders
      ? readFields(rawHeaders)
      : call.fields;
  const via = read.via === "" ? "" : `${read.via}, `;
  return (
    `${edits?.method ?? request.method ?? "GET"} ${pathOf(parts, call)} HTTP/1.1\r\nHost: ${api.upstreamHost ?? read.host}\r\n` +
    read.lines +
    credentialLines(parts, call, read) +
    cookieLines(parts, call, read) +
    originLines(front, read) +
    `Via: ${via}1.1 ${parts.via}\r\nX-Request-Id: ${front.requestId}\r\n` +
    `traceparent: 00-${front.trace}-${parts.makeSpan()}-01\r\n` +
    (route.version?.upstreamLines ?? "") +
    (api.sendsIdentity && call.caller.kind !== "anonymous"
      ? `${IDENTITY_HEADER}: ${parts.identity.token(call.caller, api.id)}\r\n`
      : "") +
    connectionLines(call, read) +
    framingLine(call, read) +
    "\r\n"
  );
}

function connectionLines({ upgradeHead }: Call, { takesTrailers }: ReadFields): string {
  if (upgradeHead !== undefined) return "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  return takesTrailers ? "TE: trailers\r\nConnection: TE\r\n" : "";
}

function framingLine({ body }: Call, { isChunked, contentLength }: ReadFields): string {
  if (body !== undefined) {
    // A body that was there stays one, were it emptied.
    const isNone = body.length === 0 && contentLength < 0 && !isChunked;
    return isNone ? "" : `Content-Length: ${body.length}\r\n`;
  }
  if (isChunked) return "Transfer-Encoding: chunked\r\n";
  return contentLength < 0 ? "" : `Content-Length: ${contentLength}\r\n`;
}

function pathOf(parts: ForwardParts, call: Call): string {
  const { target, route, edits } = call;
  const { stripLength, upstreamPath } = route.api;
  const full = edits?.path ?? target.path;
  const path = stripLength === 0 ? full : full.slice(stripLength);
  const whole = `${upstreamPath}${path}${queryOf(parts, call)}`;
  return whole.startsWith("/") ? whole : `/${whole}`;
}

/** The credential ends here in a query as in a header, where one may stand there at all. */
function queryOf({ authenticators }: ForwardParts, { target, route, edits, caller }: Call): string {
  const query = edits?.query ?? target.query;
  if (query === "" || route.api.forwardsCredentials || caller.kind === "anonymous") return query;
  return authenticators.reduce((left, each) => each.strippedQuery?.(left) ?? left, query);
}

/** The tighter of the API's own limit and what an event may be made of; 0 for no limit. */
export function bodyLimit({ route }: Call): number {
  const { bodyBytesMax, emitBodyBytesMax } = route.api;
  if (!route.emits.some((rule) => rule.needsRequestBody)) return bodyBytesMax;
  return bodyBytesMax === 0 ? emitBodyBytesMax : Math.min(bodyBytesMax, emitBodyBytesMax);
}

/** A session of ours ends here whoever calls: a browser sends its cookie to every path. The others are the application's. */
function cookieLines(
  { authenticators }: ForwardParts,
  { route }: Call,
  { cookies }: ReadFields,
): string {
  let lines = "";
  for (const cookie of cookies) {
    const left = route.api.forwardsCredentials
      ? cookie
      : authenticators.reduce((rest, each) => each.strippedCookie?.(rest) ?? rest, cookie);
    if (left !== "") lines += `Cookie: ${left}\r\n`;
  }
  return lines;
}

/** The credential was for us, so it ends here; another one in the other header is the application's own. */
function credentialLines(
  parts: ForwardParts,
  { caller, route, front, edits }: Call,
  read: ReadFields,
): string {
  const { apiKeyLine, authorizationLine } = read;
  if (apiKeyLine === "" && authorizationLine === "") return "";
  // Set by a transform: the gateway's own credential at the application.
  if (edits?.headers.has("authorization") === true) return authorizationLine;
  if (edits?.headers.has("x-api-key") === true) return apiKeyLine;
  if (route.api.forwardsCredentials || caller.kind === "anonymous") {
    return apiKeyLine + authorizationLine;
  }
  if (apiKeyLine === "" || authorizationLine === "") return "";
  const { authorization } = front.request.headers;
  const isOurs = parts.authenticators.some(
    (each) =>
      each.find({ headers: { authorization }, remoteAddress: front.clientAddress }) !== undefined,
  );
  return isOurs ? apiKeyLine : authorizationLine;
}
