import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

type Kind =
  | "end"
  | "hop"
  | "connection"
  | "te"
  | "host"
  | "length"
  | "encoding"
  | "forwardedFor"
  | "forwardedProto"
  | "forwarded"
  | "ours"
  | "via"
  | "apiKey"
  | "authorization"
  | "cookie"
  | "expect";

/** Name of the signed header that tells the upstream who calls. */
export const IDENTITY_HEADER = "Portico-Identity";

const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["connection", "connection"],
  ["keep-alive", "hop"],
  ["proxy-connection", "hop"],
  ["proxy-authorization", "hop"],
  ["proxy-authenticate", "hop"],
  // Servers that hand headers to programs as HTTP_PROXY would send their own calls there.
  ["proxy", "hop"],
  ["upgrade", "hop"],
  ["http2-settings", "hop"],
  ["trailer", "hop"],
  ["te", "te"],
  ["host", "host"],
  ["content-length", "length"],
  ["transfer-encoding", "encoding"],
  ["x-forwarded-for", "forwardedFor"],
  ["x-forwarded-proto", "forwardedProto"],
  ["x-forwarded-host", "ours"],
  ["x-forwarded-port", "ours"],
  ["x-forwarded-prefix", "ours"],
  ["x-real-ip", "ours"],
  ["forwarded", "forwarded"],
  ["via", "via"],
  ["x-request-id", "ours"],
  ["traceparent", "ours"],
  [IDENTITY_HEADER.toLowerCase(), "ours"],
  // The version a caller asked for, where another is forwarded (`versions/`).
  ["portico-caller-version", "ours"],
  ["x-api-key", "apiKey"],
  ["authorization", "authorization"],
  ["cookie", "cookie"],
  ["expect", "expect"],
]);

/** End-to-end fields that a caller may not take away by naming them in Connection. */
const NOT_NOMINATED =
  /^(?:authorization|host|cookie|content-.*|transfer-encoding|forwarded|x-forwarded-.*|x-real-ip|x-request-id|x-api-key|via|traceparent|tracestate|portico-identity|date|origin|referer|idempotency-key|user-agent|prefer|sec-.*|accept.*|cache-control|if-.*|range)$/;

const SPELLINGS_MAX = 1_024;
const spellings = new Map<string, Kind>();

function kindOf(name: string): Kind {
  const known = spellings.get(name);
  if (known !== undefined) return known;
  const found = kindByName(name.toLowerCase());
  // Callers choose spellings: what is remembered is bounded.
  if (spellings.size < SPELLINGS_MAX) spellings.set(name, found);
  return found;
}

/**
 * Applications that see fields as variables (CGI, WSGI, Rack) read `Portico_Identity` as `Portico-Identity`: what is written
 * so like one of the names that mean something here ends here.
 */
function kindByName(name: string): Kind {
  const kind = KINDS.get(name);
  if (kind !== undefined || !name.includes("_")) return kind ?? "end";
  return KINDS.has(name.replaceAll("_", "-")) ? "hop" : "end";
}

/** What the fields of a request say of it, besides those that are passed on. */
export interface ReadFields {
  /** Fields for the upstream, each with its line end. */
  lines: string;
  host: string;
  /** -1 without Content-Length. */
  contentLength: number;
  isChunked: boolean;
  forwardedFor: string;
  forwardedProto: string;
  forwarded: string;
  via: string;
  apiKeyLine: string;
  authorizationLine: string;
  /** Values of `Cookie` fields, in their order. */
  cookies: string[];
  takesTrailers: boolean;
  /** The caller waits for 100 before it sends the body. */
  expectsContinue: boolean;
  /** Why the request is refused, as a sentence's end. */
  objection: string | undefined;
}

/**
 * Sorts the fields of a request: those of this hop end here, ours are taken out to be written anew, all others stay as they
 * came, duplicates and order kept (RFC 9110 §7.6.1). What Connection names goes **before** ours are added.
 */
export function readFields(rawHeaders: readonly string[]): ReadFields {
  const read: ReadFields = {
    lines: "",
    host: "",
    contentLength: -1,
    isChunked: false,
    forwardedFor: "",
    forwardedProto: "",
    forwarded: "",
    via: "",
    apiKeyLine: "",
    authorizationLine: "",
    cookies: [],
    takesTrailers: false,
    expectsContinue: false,
    objection: undefined,
  };
  const nominated = nominatedNames(rawHeaders, read);
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    const value = rawHeaders[index + 1] ?? "";
    const kind = kindOf(name);
    if (kind !== "end") takeField({ kind, name, value }, read);
    else if (nominated?.has(name.toLowerCase()) !== true) read.lines += `${name}: ${value}\r\n`;
  }
  return read;
}

interface Field {
  readonly kind: Kind;
  readonly name: string;
  readonly value: string;
}

function takeField({ kind, name, value }: Field, read: ReadFields): void {
  switch (kind) {
    case "host":
      read.host = value;
      return;
    case "length":
      read.contentLength = Number(value);
      return;
    case "encoding":
      read.isChunked = true;
      return;
    case "forwardedFor":
      read.forwardedFor = joined(read.forwardedFor, value);
      return;
    case "forwardedProto":
      read.forwardedProto = value;
      return;
    case "forwarded":
      read.forwarded = joined(read.forwarded, value);
      return;
    case "via":
      read.via = joined(read.via, value);
      return;
    case "apiKey":
      read.apiKeyLine += `${name}: ${value}\r\n`;
      return;
    case "authorization":
      read.authorizationLine += `${name}: ${value}\r\n`;
      return;
    case "cookie":
      read.cookies.push(value);
      return;
    case "te":
      if (/(?:^|,)\s*trailers\s*(?:,|$)/i.test(value)) read.takesTrailers = true;
      return;
    case "expect":
      read.expectsContinue = value.toLowerCase() === "100-continue";
      return;
    case "hop":
    case "ours":
    case "connection":
    case "end":
  }
}

function joined(list: string, value: string): string {
  return list === "" ? value : `${list}, ${value}`;
}

/** Undefined when Connection names nothing but the usual. */
function nominatedNames(rawHeaders: readonly string[], read: ReadFields): Set<string> | undefined {
  let names: Set<string> | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (kindOf(rawHeaders[index] ?? "") !== "connection") continue;
    const value = (rawHeaders[index + 1] ?? "").toLowerCase();
    if (value === "keep-alive" || value === "close") continue;
    for (const part of value.split(",")) {
      const name = part.trim();
      if (NOT_NOMINATED.test(name))
        read.objection = `name '${name}' in Connection, which is not of this hop`;
      names ??= new Set();
      names.add(name);
    }
  }
  return names;
}

/** What is known of the hop before us. */
export interface Hop {
  readonly request: IncomingMessage;
  /** The client, as the trusted proxies between say. */
  readonly clientAddress: string;
}

/**
 * The fields that tell the upstream where the request came from. What an earlier proxy said is kept only when the kernel
 * trusted it, which shows in the client being another than the peer.
 */
export function originLines({ request, clientAddress }: Hop, read: ReadFields): string {
  const { socket } = request;
  const peer = plainAddress(socket.remoteAddress ?? "");
  const isTrusted = peer !== clientAddress;
  const proto =
    isTrusted && /^https?$/.test(read.forwardedProto) ? read.forwardedProto : protoOf(socket);
  const before = isTrusted && read.forwardedFor !== "" ? `${read.forwardedFor}, ` : "";
  // The peer's address is the system's own word: only IPv6 has colons.
  const node = peer.includes(":") ? `"[${peer}]"` : peer;
  const host = /^[\w.-]+$/.test(read.host) ? read.host : `"${read.host.replaceAll(/["\\]/g, "")}"`;
  const forwarded = isTrusted && read.forwarded !== "" ? `${read.forwarded}, ` : "";
  return (
    `X-Forwarded-For: ${before}${peer}\r\nX-Forwarded-Proto: ${proto}\r\nX-Forwarded-Host: ${read.host}\r\n` +
    `Forwarded: ${forwarded}for=${node};proto=${proto};host=${host}\r\n`
  );
}

function protoOf(socket: Socket): string {
  return "encrypted" in socket && socket.encrypted === true ? "https" : "http";
}

/** IPv4 in IPv6 form is IPv4. */
function plainAddress(address: string): string {
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}
