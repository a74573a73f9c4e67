import { Buffer, isUtf8 } from "node:buffer";
import { parseJson } from "portico/kernel";
import type { Place } from "../providers/index.ts";

/** One request as a source judges it. What is costly to read is read once, and only when it is asked for. */
export interface Message {
  /** Every value of a header, by its name in lower case. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Uint8Array;
  /** As the sender called it, query included. */
  readonly url: string;
  /** Without parameters, in lower case; empty when none was sent. */
  readonly mediaType: string;
  /** The body's value; undefined where it is no JSON, by its own rules whatever the media type says. */
  json(): unknown;
  /** The fields of a form in UTF-8; undefined for every other body. */
  form(): URLSearchParams | undefined;
}

/** What a message is read from. */
export interface MessageParts {
  /** Names and values alternating. */
  readonly rawHeaders: readonly string[];
  readonly body: Uint8Array;
  readonly url: string;
}

/** Reads a message. Nothing in it is refused here. */
export function readMessage({ rawHeaders, body, url }: MessageParts): Message {
  const headers = new Map<string, string[]>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase();
    const values = headers.get(name) ?? [];
    values.push(rawHeaders[index + 1] ?? "");
    headers.set(name, values);
  }
  const [contentType = ""] = headers.get("content-type") ?? [];
  const mediaType = (contentType.split(";", 1)[0] ?? "").trim().toLowerCase();
  const json = once(() => readJson(body));
  const form = once(() => readForm(body, mediaType));
  return { headers, body, url, mediaType, json, form };
}

function once<TValue>(read: () => TValue): () => TValue {
  let known: { readonly value: TValue } | undefined;
  return () => (known ??= { value: read() }).value;
}

function readJson(body: Uint8Array): unknown {
  const parsed = parseJson(body, { allowBigNumbers: true });
  return parsed.ok ? parsed.value : undefined;
}

function readForm(body: Uint8Array, mediaType: string): URLSearchParams | undefined {
  if (mediaType !== "application/x-www-form-urlencoded") return undefined;
  // Bytes that are no UTF-8, plain or escaped, would all be read as U+FFFD: many bodies under one signature.
  if (!isUtf8(body)) return undefined;
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
  try {
    decodeURIComponent(text);
  } catch {
    return undefined;
  }
  return new URLSearchParams(text);
}

/** The text at a place of a message; undefined where there is none, or where it is no text and no whole number. */
export function textAt(message: Message, place: Place): string | undefined {
  const found = valueAt(message, place);
  if (typeof found === "number") return Number.isSafeInteger(found) ? String(found) : undefined;
  // No database keeps U+0000, and half of a surrogate pair is no text.
  const isText = typeof found === "string" && found !== "" && !found.includes("\0");
  return isText && found.isWellFormed() ? found : undefined;
}

function valueAt(message: Message, place: Place): unknown {
  if ("word" in place) return place.word;
  if ("header" in place) return message.headers.get(place.header)?.[0];
  if ("form" in place) return message.form()?.get(place.form);
  return memberAt(message.json(), place.pointer);
}

/** The member of a JSON value that a pointer names (RFC 6901). */
export function memberAt(value: unknown, pointer: string): unknown {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<unknown>((at, name) => {
      if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return undefined;
      return (at as Readonly<Record<string, unknown>>)[name];
    }, value);
}
