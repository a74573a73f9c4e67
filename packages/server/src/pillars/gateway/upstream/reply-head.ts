import type { ReplyHead } from "./exchange.ts";

/** A parsed head with what the connection must know to find the end of the body. */
export interface ParsedHead extends ReplyHead {
  readonly isChunked: boolean;
  /** The upstream will take another request on this connection. */
  readonly isKeptAlive: boolean;
  /** From `Keep-Alive: timeout=`; 0 when it does not say. */
  readonly keepAliveMs: number;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
// RFC 9110 §5.1 and §5.5; no space before the colon, no line folding (RFC 9112 §5.1, §5.2). Sticky: it walks the head line
// by line, so that no line is cut out before it is read.
const FIELD_LINE =
  /([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[ \t]*(?:\r\n|$)/y;
const LENGTH = /^\d{1,15}$/;

type Kind = "end" | "length" | "encoding" | "connection" | "keepAlive" | "hop";
/** Fields that end at this hop, or that decide the framing. All others are passed on. */
const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["content-length", "length"],
  ["transfer-encoding", "encoding"],
  ["connection", "connection"],
  ["keep-alive", "keepAlive"],
  ["proxy-connection", "hop"],
  ["proxy-authenticate", "hop"],
  ["proxy-authorization", "hop"],
  ["te", "hop"],
  ["trailer", "hop"],
  ["upgrade", "hop"],
  ["proxy", "hop"],
  // The id of a request is ours to tell.
  ["x-request-id", "hop"],
]);
const KNOWN_NAMES_MAX = 512;
const known = new Map<string, Kind>();

/** The kind of a field by its name as written; spellings are remembered, up to a bound that no upstream can pass. */
function kindOf(name: string): Kind {
  const kind = known.get(name);
  if (kind !== undefined) return kind;
  const found = KINDS.get(name.toLowerCase()) ?? "end";
  if (known.size < KNOWN_NAMES_MAX) known.set(name, found);
  return found;
}

interface Draft {
  readonly headers: string[];
  contentLength: number;
  isChunked: boolean;
  connection: string;
  keepAlive: string;
}

/**
 * Reads a reply's head strictly. `text` is Latin-1 without the blank line. Answers the reason when it is not one: any
 * doubt about the framing is a refusal, since the bytes after it would be taken for another caller's reply.
 */
export function parseReplyHead(text: string): ParsedHead | string {
  let end = text.indexOf("\r\n");
  if (end < 0) end = text.length;
  const line = STATUS_LINE.exec(text.slice(0, end));
  if (line === null) return "the status line is not HTTP/1.1";
  const isOld = line[1] === "0";
  const draft: Draft = {
    headers: [],
    contentLength: -1,
    isChunked: false,
    connection: "",
    keepAlive: "",
  };
  const objection = readFields(text, end + 2, draft);
  if (objection !== undefined) return objection;
  if (draft.isChunked && (draft.contentLength >= 0 || isOld)) {
    return isOld ? "HTTP/1.0 with Transfer-Encoding" : "Content-Length beside Transfer-Encoding";
  }
  const nominated = draft.connection.toLowerCase();
  return {
    status: Number(line[2]),
    reason: line[3] ?? "",
    headers: USUAL.has(nominated) ? draft.headers : withoutNominated(draft.headers, nominated),
    contentLength: draft.contentLength,
    isChunked: draft.isChunked,
    isKeptAlive: isOld ? names(nominated, "keep-alive") : !names(nominated, "close"),
    keepAliveMs: draft.keepAlive === "" ? 0 : keepAliveMs(draft.keepAlive),
  };
}

function readFields(text: string, from: number, draft: Draft): string | undefined {
  FIELD_LINE.lastIndex = from;
  while (FIELD_LINE.lastIndex < text.length) {
    const field = FIELD_LINE.exec(text);
    if (field === null) return "a field line is malformed";
    const objection = takeField(field[1] ?? "", field[2] ?? "", draft);
    if (objection !== undefined) return objection;
  }
  return undefined;
}

function takeField(name: string, value: string, draft: Draft): string | undefined {
  switch (kindOf(name)) {
    case "end":
      draft.headers.push(name, value);
      return undefined;
    case "length":
      return takeLength(name, value, draft);
    case "encoding":
      if (draft.isChunked || value.toLowerCase() !== "chunked") {
        return "a Transfer-Encoding other than chunked";
      }
      draft.isChunked = true;
      return undefined;
    case "connection":
      draft.connection = draft.connection === "" ? value : `${draft.connection},${value}`;
      return undefined;
    case "keepAlive":
      draft.keepAlive = value;
      return undefined;
    case "hop":
      return undefined;
  }
}

function takeLength(name: string, value: string, draft: Draft): string | undefined {
  if (!LENGTH.test(value)) return "a Content-Length that is not a number";
  // RFC 9112 §6.3 lets equal ones pass; nobody honest sends them, and the next reader may count otherwise.
  if (draft.contentLength >= 0) return "two Content-Lengths";
  draft.headers.push(name, value);
  draft.contentLength = Number(value);
  return undefined;
}

function names(list: string, option: string): boolean {
  return list !== "" && list.split(",").some((each) => each.trim() === option);
}

/** What Connection says of nearly every reply: no field is named. */
const USUAL = new Set(["", "keep-alive", "close"]);

/** Fields the upstream named in Connection end here, except those that say how the body is framed or stored. */
function withoutNominated(headers: string[], nominated: string): string[] {
  const dropped = new Set(nominated.split(",").map((each) => each.trim()));
  for (const keep of ["close", "keep-alive", "content-length", "content-type", ""]) {
    dropped.delete(keep);
  }
  if (dropped.size === 0) return headers;
  const kept: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? "";
    if (!dropped.has(name.toLowerCase())) kept.push(name, headers[index + 1] ?? "");
  }
  return kept;
}

function keepAliveMs(value: string): number {
  const seconds = /(?:^|[,; ])timeout=(\d{1,6})(?:$|[,; ])/i.exec(value)?.[1];
  return seconds === undefined ? 0 : Number(seconds) * 1_000;
}

/** Reads the lines after the last chunk; undefined when one is malformed. Framing, routing and credential fields are left out (RFC 9110 §6.5.1). */
export function parseTrailers(text: string): readonly string[] | undefined {
  const draft: Draft = {
    headers: [],
    contentLength: -1,
    isChunked: false,
    connection: "",
    keepAlive: "",
  };
  if (text !== "" && readFields(text, 0, draft) !== undefined) return undefined;
  const kept: string[] = [];
  for (let index = 0; index < draft.headers.length; index += 2) {
    const name = draft.headers[index] ?? "";
    if (!NEVER_TRAILERS.test(name)) kept.push(name, draft.headers[index + 1] ?? "");
  }
  return kept;
}
const NEVER_TRAILERS =
  /^(?:content-.*|host|authorization|cookie|set-cookie|www-authenticate|cache-control|expires|date|age|vary|location|retry-after|range|if-.*|max-forwards|expect|pragma|x-forwarded-.*|forwarded|via)$/i;
