import type { IncomingMessage } from "node:http";

// Narrower than RFC 3986 §3.2.2, which lets commas and encodings in: lists and second spellings of one host.
const HOST = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/;
const PORT_MAX = 65_535;
// Controls and what is not ASCII, `"`, `#` and `\`: cut off, translated or taken for a slash by one server or another.
const AMBIGUOUS_TARGET = /[^\x21\x24-\x5b\x5d-\x7e]/;
/** Node keeps 2,000 lines and drops the rest silently; nobody honest sends this many. */
const HEADER_LINES_MAX = 200;

/**
 * What node:http lets pass and two servers could read in two ways (RFC 9112 §3.2, §6.1, §11.2), or undefined.
 * node itself refuses Content-Length beside Transfer-Encoding, repeated or malformed lengths, folded lines, bare CR
 * and LF, control characters and malformed chunks.
 */
export function framingFault(request: IncomingMessage): string | undefined {
  if (request.httpVersionMajor !== 1) return "the protocol version is not HTTP/1.0 or HTTP/1.1";
  const { rawHeaders } = request;
  if (rawHeaders.length > HEADER_LINES_MAX * 2) return `more than ${HEADER_LINES_MAX} header lines`;
  let hosts = 0;
  let codings = 0;
  let credentials = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    // Lengths first: lower-casing every name would cost more than all the rest.
    if (name.length === 4 && name.toLowerCase() === "host") hosts += 1;
    else if (name.length === 17 && name.toLowerCase() === "transfer-encoding") codings += 1;
    else if (name.length === 13 && name.toLowerCase() === "authorization") credentials += 1;
  }
  // node keeps the first; the application behind may read the last, as somebody else.
  if (credentials > 1) return "there is more than one Authorization";
  return hostFault(request, hosts) ?? codingFault(request, codings);
}

function hostFault(request: IncomingMessage, hosts: number): string | undefined {
  if (hosts > 1) return "there is more than one Host";
  const { host } = request.headers;
  if (host === undefined) return request.httpVersionMinor === 0 ? undefined : "there is no Host";
  const match = HOST.exec(host);
  return match === null || Number(match[1] ?? 0) > PORT_MAX ? "Host is not a host" : undefined;
}

function codingFault(request: IncomingMessage, codings: number): string | undefined {
  if (codings === 0) return undefined;
  if (codings > 1 || request.headers["transfer-encoding"]?.toLowerCase() !== "chunked") {
    return "Transfer-Encoding is not exactly 'chunked'";
  }
  return request.httpVersionMinor === 0 ? "Transfer-Encoding in HTTP/1.0" : undefined;
}

/** Path and query of the request's target, or a fault. */
export type Target =
  | { readonly kind: "path"; readonly url: string }
  | { readonly kind: "fault"; readonly reason: string };

/** Reads origin-form and absolute-form (RFC 9112 §3.2); the latter only when it names the same host as Host. */
export function readTarget(request: IncomingMessage): Target {
  const url = request.url ?? "";
  if (AMBIGUOUS_TARGET.test(url)) {
    return { kind: "fault", reason: "the target holds a character that must be percent-encoded" };
  }
  if (url.startsWith("/") || (url === "*" && request.method === "OPTIONS")) {
    return { kind: "path", url };
  }
  const match = /^https?:\/\/([^/?]+)(.*)$/i.exec(url);
  if (match === null) return { kind: "fault", reason: "the target is not a path" };
  if (match[1]?.toLowerCase() !== request.headers.host?.toLowerCase()) {
    return { kind: "fault", reason: "Host is not the host of the target" };
  }
  const rest = match[2] ?? "";
  return { kind: "path", url: rest.startsWith("/") ? rest : `/${rest}` };
}

/** Why a request to switch protocols is refused, or undefined. */
export function upgradeFault({ headers, httpVersionMinor }: IncomingMessage): string | undefined {
  // RFC 9110 §7.8: HTTP/1.0 knows no upgrade, and who understood it otherwise would read what follows as frames.
  if (httpVersionMinor === 0) return "an upgrade in HTTP/1.0";
  // A body before an upgrade is read by one server as a body, by another as frames.
  const length = headers["content-length"];
  if (headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0")) {
    return "an upgrade has a body";
  }
  // RFC 9113 took h2c away; requests in its frames would pass whoever reads HTTP/1.1 only.
  return /(?:^|,)\s*h2c\s*(?:,|$)/i.test(headers.upgrade ?? "")
    ? "an upgrade to h2c, which is not spoken here"
    : undefined;
}
