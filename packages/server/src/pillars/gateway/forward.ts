import type { Authenticator } from "portico/kernel";
import type { Call } from "./call.ts";
import { raise } from "./errors.ts";
import type { IdentitySigner } from "./identity.ts";
import type { UpstreamRequest } from "./proxy-call.ts";
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

/**
 * Writes the request as the upstream gets it. Throws `gateway.headRefused`, `gateway.loop`, `gateway.bodyTooLarge`.
 * Every field of the caller's is sorted before one of ours is added.
 */
export function upstreamRequest(parts: ForwardParts, call: Call): UpstreamRequest {
  const { front, route } = call;
  const { request } = front;
  const { api } = route;
  const read = readFields(request.rawHeaders);
  if (read.objection !== undefined) {
    throw raise("gateway.headRefused", { params: { reason: read.objection } });
  }
  if (read.via !== "" && read.via.includes(parts.via)) throw raise("gateway.loop");
  const hasBody = read.isChunked || read.contentLength > 0;
  const bodyBytesMax = bodyLimit(call);
  if (bodyBytesMax > 0 && read.contentLength > bodyBytesMax) {
    throw raise("gateway.bodyTooLarge", { params: { max: bodyBytesMax } });
  }
  const via = read.via === "" ? "" : `${read.via}, `;
  const head =
    `${request.method ?? "GET"} ${pathOf(call)} HTTP/1.1\r\nHost: ${api.upstreamHost ?? read.host}\r\n` +
    read.lines +
    credentialLines(parts, call, read) +
    originLines(front, read) +
    `Via: ${via}1.1 ${parts.via}\r\nX-Request-Id: ${front.requestId}\r\n` +
    `traceparent: 00-${front.trace}-${parts.makeSpan()}-01\r\n` +
    (api.sendsIdentity && call.caller.kind !== "anonymous"
      ? `${IDENTITY_HEADER}: ${parts.identity.token(call.caller, api.id)}\r\n`
      : "") +
    (read.takesTrailers ? "TE: trailers\r\nConnection: TE\r\n" : "") +
    framingLine(read) +
    "\r\n";
  return {
    head,
    hasBody,
    isChunked: read.isChunked,
    expectsContinue: read.expectsContinue,
    takesTrailers: read.takesTrailers,
    bodyBytesMax,
  };
}

function framingLine({ isChunked, contentLength }: ReadFields): string {
  if (isChunked) return "Transfer-Encoding: chunked\r\n";
  return contentLength < 0 ? "" : `Content-Length: ${contentLength}\r\n`;
}

function pathOf({ target, route }: Call): string {
  const { stripLength, upstreamPath } = route.api;
  const path = stripLength === 0 ? target.path : target.path.slice(stripLength);
  const whole = `${upstreamPath}${path}${target.query}`;
  return whole.startsWith("/") ? whole : `/${whole}`;
}

/** The tighter of the API's own limit and what an event may be made of. */
function bodyLimit({ route }: Call): number {
  const { bodyBytesMax, emitBodyBytesMax } = route.api;
  if (!route.emits.some((rule) => rule.needsRequestBody)) return bodyBytesMax;
  return bodyBytesMax === 0 ? emitBodyBytesMax : Math.min(bodyBytesMax, emitBodyBytesMax);
}

/** The credential was for us, so it ends here; another one in the other header is the application's own. */
function credentialLines(
  parts: ForwardParts,
  { caller, route, front }: Call,
  read: ReadFields,
): string {
  const { apiKeyLine, authorizationLine } = read;
  if (apiKeyLine === "" && authorizationLine === "") return "";
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
