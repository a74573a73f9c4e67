import type { IncomingMessage, ServerResponse } from "node:http";
import { raise } from "./errors.ts";
import type { RequestContext } from "./request-context.ts";

const EXPOSED = [
  "ETag",
  "Link",
  "Location",
  "RateLimit",
  "RateLimit-Policy",
  "Retry-After",
  "X-RateLimit-Limit",
  "X-RateLimit-Remaining",
  "X-RateLimit-Reset",
  "Deprecation",
  "Sunset",
  "X-Request-Id",
  "Idempotency-Replayed",
].join(", ");
const ALLOWED =
  "Authorization, Content-Type, Idempotency-Key, If-Match, X-API-Key, X-Request-Id, traceparent";
const PREFLIGHT_SECONDS = 600;

/** Headers of every answer on our own paths; pages may put their own policy in place of the strictest one. */
export function setBaseHeaders(
  response: ServerResponse,
  { requestId, trace, client }: RequestContext,
  span: string,
): void {
  response.setHeader("x-request-id", requestId);
  response.setHeader("traceparent", `00-${trace}-${span}-01`);
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("x-frame-options", "DENY");
  response.setHeader("referrer-policy", "no-referrer");
  response.setHeader("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
  response.setHeader("cache-control", "no-store");
  if (client.isHttps) response.setHeader("strict-transport-security", "max-age=31536000");
}

/** Lets listed origins read answers; what is not listed gets no header and the browser refuses it. */
export function setCorsHeaders(
  request: IncomingMessage,
  response: ServerResponse,
  origins: ReadonlySet<string>,
): void {
  if (origins.size === 0) return;
  response.setHeader("vary", "Origin");
  const { origin } = request.headers;
  if (origin === undefined || !(origins.has("*") || origins.has(origin))) return;
  // Never with `Access-Control-Allow-Credentials`: a key is sent by code that has it, not by the browser.
  response.setHeader("access-control-allow-origin", origins.has("*") ? "*" : origin);
  response.setHeader("access-control-expose-headers", EXPOSED);
}

/** Answers OPTIONS, before any credential is asked: a CORS preflight, or the methods of a path. */
export function answerOptions(response: ServerResponse, methods: ReadonlySet<string>): void {
  const list = [...methods, "OPTIONS"].join(", ");
  response.setHeader("allow", list);
  if (response.hasHeader("access-control-allow-origin")) {
    response.setHeader("access-control-allow-methods", list);
    response.setHeader("access-control-allow-headers", ALLOWED);
    response.setHeader("access-control-max-age", String(PREFLIGHT_SECONDS));
  }
  response.writeHead(204);
  response.end();
}

/** The revision of `If-Match`; undefined without one, and for `*`, which every object that exists matches. */
export function readIfMatch(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === "*") return undefined;
  const match = /^\s*"(\d{1,15})"\s*$/.exec(header);
  if (match === null) throw raise("request.ifMatch");
  return Number(match[1]);
}

/**
 * Refuses with 412 `request.revision` when the caller named another revision than the row has.
 *
 * @example
 * checkRevision(input.ifMatch, row.revision);
 */
export function checkRevision(ifMatch: number | undefined, revision: number): void {
  if (ifMatch !== undefined && ifMatch !== revision) {
    throw raise("request.revision", { params: { revision } });
  }
}
