import { redactFields, redactText } from "portico/kernel";
import type { BodySample, RequestDecision, RequestDetails } from "portico/kernel";
import type { KeptBody, KeptDetails } from "./request-row.ts";

/** What stands in place of a value that is not shown. */
const HIDDEN = "[redacted]";
const HEADERS_MAX = 100;
const HEADER_LENGTH_MAX = 1_024;
/** Of all headers of one side together, and of a query. */
const TEXT_LENGTH_MAX = 8_192;

/** Names whose values are hidden, besides those that are hidden everywhere (`authorization`, `password`, …). */
export interface HiddenNames {
  /** Of headers, in any case. */
  readonly headers: readonly string[];
  /** Of fields in bodies and parameters in queries, in any case. */
  readonly fields: readonly string[];
}

/** Makes what a kept request may show: headers by name, texts by shape, bodies by their fields. */
export function redactor(hidden: HiddenNames): (details: RequestDetails) => KeptDetails {
  const headers = new Set(hidden.headers.map(plain));
  const fields = new Set(hidden.fields.map(plain));
  return (details) => ({
    query: redactQuery(details.query.slice(0, TEXT_LENGTH_MAX), fields),
    requestHeaders: redactHeaders(details.requestHeaders, headers),
    replyHeaders: redactHeaders(details.replyHeaders, headers),
    decisions: details.decisions.map(redactDecision),
    requestBody: redactBody(details.requestBody, fields),
    replyBody: redactBody(details.replyBody, fields),
  });
}

/** A name however it is written: `X-Api-Key`, `xApiKey` and `x_api_key` are one. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, "");
}

/** The kernel's rules for one value under its name. */
function redactNamed(name: string, value: unknown): unknown {
  return Object.values(redactFields({ [name]: value }))[0];
}

function redactHeaders(
  pairs: readonly string[],
  hidden: ReadonlySet<string>,
): readonly (readonly [string, string])[] {
  const kept: (readonly [string, string])[] = [];
  let length = 0;
  for (let index = 0; index + 1 < pairs.length && kept.length < HEADERS_MAX; index += 2) {
    const name = (pairs[index] ?? "").slice(0, HEADER_LENGTH_MAX);
    const value = (pairs[index + 1] ?? "").slice(0, HEADER_LENGTH_MAX);
    const shown = hidden.has(plain(name)) ? HIDDEN : String(redactNamed(name, value));
    length += name.length + shown.length;
    if (length > TEXT_LENGTH_MAX) break;
    kept.push([name, shown]);
  }
  return kept;
}

function redactQuery(query: string, hidden: ReadonlySet<string>): string {
  const shown = query.split("&").map((pair) => {
    const [name = "", value] = pair.split("=", 2);
    if (value === undefined) return pair;
    if (hidden.has(plain(decoded(name)))) return `${name}=${HIDDEN}`;
    return redactNamed(decoded(name), "x") === HIDDEN ? `${name}=${HIDDEN}` : pair;
  });
  // By shape as well: some parameters are known by what stands in them only.
  return redactText(`?${shown.join("&")}`).slice(1);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    // Not encoded as it should be: then it is what it is.
    return text;
  }
}

function redactDecision({ step, outcome, facts }: RequestDecision): RequestDecision {
  return { step, outcome, facts: { ...redactFields(facts) } };
}

function redactBody(body: BodySample | undefined, hidden: ReadonlySet<string>): KeptBody | null {
  if (body === undefined) return null;
  const { mediaType, bytes, isCut } = body;
  const said = (text: string | null, note: string | null): KeptBody => ({ mediaType, text, note });
  if (isJson(mediaType)) {
    // Fields are hidden by their names, which are only known of a text that can be read as a whole.
    if (isCut) return said(null, `longer than the ${bytes.length} bytes that are kept`);
    const value = parsed(bytes);
    if (value === undefined) return said(null, "not readable as JSON");
    const shown = redactNamed("body", hideFields(value, hidden));
    return said(JSON.stringify(shown), null);
  }
  const text = new TextDecoder().decode(bytes);
  const note = isCut ? `the first ${bytes.length} bytes` : null;
  if (mediaType === "application/x-www-form-urlencoded")
    return said(redactQuery(text, hidden), note);
  if (mediaType.startsWith("text/")) return said(redactText(text), note);
  return said(null, `${bytes.length} bytes of a type that is not shown`);
}

function isJson(mediaType: string): boolean {
  return mediaType === "application/json" || mediaType.endsWith("+json");
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    // What cannot be read is not shown; `undefined` is no value of JSON.
    return undefined;
  }
}

function hideFields(value: unknown, hidden: ReadonlySet<string>): unknown {
  if (hidden.size === 0 || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => hideFields(each, hidden));
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      hidden.has(plain(name)) ? HIDDEN : hideFields(each, hidden),
    ]),
  );
}
