import { Buffer, isUtf8 } from "node:buffer";
import { parseExact, sha256, toRfc3339 } from "../../base/index.ts";
import type { CloudEventAttributes, LogEvent } from "./event.ts";

/** A CloudEvent 1.0 in its JSON format: attributes and extensions beside one of `data` and `data_base64`. */
export interface CloudEvent {
  readonly specversion: "1.0";
  readonly id: string;
  /** URI reference of who tells it; together with `id` it names the event. */
  readonly source: string;
  readonly type: string;
  readonly time: string;
  readonly datacontenttype: string;
  readonly subject?: string;
  readonly data?: unknown;
  readonly data_base64?: string;
  readonly [extension: string]: unknown;
}

/** What of an event becomes a CloudEvent. */
export type CloudEventContent = Pick<
  LogEvent,
  | "id"
  | "type"
  | "subject"
  | "key"
  | "channels"
  | "data"
  | "contentType"
  | "at"
  | "cause"
  | "trace"
  | "attributes"
>;

const JSON_TYPE = /^[^/;\s]+\/(?:[^/;\s]+\+)?json\s*(?:;|$)/i;
const NO_TRACE = "0".repeat(32);
// CloudEvents 1.0.2 §2.3: what a String attribute must not hold.
const NOT_ALLOWED = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu;
// Printable ASCII but space, double quote and percent (HTTP binding 1.0.2 §3.1.3.2).
const TO_ENCODE = /[^\u0021\u0023\u0024\u0026-\u007E]+/g;

/** Whether a media type is JSON's as CloudEvents mean it: `*\/json` or `*\/*+json`. */
export function isJsonType(mediaType: string): boolean {
  return JSON_TYPE.test(mediaType);
}

/**
 * The attributes of an event as a CloudEvent 1.0, without its data. An event that came as a CloudEvent keeps the `id`,
 * `source`, `time` and extensions of its producer, and has its id here as `porticoid`; every other has its own id and
 * `source`. Extensions: `partitionkey` (the key), `channels` (separated by commas, themselves percent-encoded),
 * `causationid` (the cause), `traceparent`.
 */
export function cloudEventAttributes(
  event: Omit<CloudEventContent, "data">,
  source: string,
): CloudEventAttributes & Pick<CloudEvent, "specversion" | "id" | "source" | "type" | "time"> {
  const { attributes, subject, key, channels, trace } = event;
  return {
    ...(trace === NO_TRACE ? {} : { traceparent: traceparentOf(event) }),
    causationid: clean(event.cause),
    ...attributes,
    ...(attributes?.["id"] === undefined ? {} : { porticoid: event.id }),
    specversion: "1.0",
    id: String(attributes?.["id"] ?? event.id),
    source: String(attributes?.["source"] ?? source),
    type: event.type,
    time: String(attributes?.["time"] ?? toRfc3339(event.at)),
    datacontenttype: event.contentType,
    ...(subject === null ? {} : { subject: clean(subject) }),
    ...(key === null ? {} : { partitionkey: clean(key) }),
    ...(channels.length === 0 ? {} : { channels: channels.map(listed).join(",") }),
  };
}

/**
 * An event as a CloudEvent 1.0 value. Numbers of its data are written again as they arrived; to send the very bytes, use
 * {@link cloudEventBytes}.
 *
 * @example
 * JSON.stringify(toCloudEvent(event, "https://api.example.com")); // {"specversion":"1.0","type":"invoice.paid", …
 */
export function toCloudEvent(event: CloudEventContent, source: string): CloudEvent {
  const attributes = cloudEventAttributes(event, source);
  const given = dataMember(event);
  const datacontenttype = event.contentType;
  return given.member === "data"
    ? { ...attributes, datacontenttype, data: parseExact(given.bytes) }
    : { ...attributes, datacontenttype, data_base64: given.bytes.toString("base64") };
}

/**
 * The body of a CloudEvent in structured mode (`application/cloudevents+json`), UTF-8. JSON data goes in byte for byte as
 * it was accepted, other data as `data_base64`. The same event always gives the same bytes.
 */
export function cloudEventBytes(event: CloudEventContent, source: string): Uint8Array {
  const head = JSON.stringify(cloudEventAttributes(event, source)).slice(0, -1);
  const { member, bytes } = dataMember(event);
  if (member === "data") {
    return Buffer.concat([Buffer.from(`${head},"data":`), bytes, Buffer.from("}")]);
  }
  return Buffer.from(`${head},"data_base64":"${bytes.toString("base64")}"}`);
}

/**
 * The header fields of a CloudEvent in binary mode, whose body is the event's `data` as it is: `content-type` and `ce-*`,
 * values percent-encoded as the HTTP binding 1.0.2 §3.1.3.2 says.
 */
export function cloudEventHeaders(
  event: Omit<CloudEventContent, "data">,
  source: string,
): Readonly<Record<string, string>> {
  const { datacontenttype, ...others } = cloudEventAttributes(event, source);
  return {
    "content-type": String(datacontenttype),
    ...Object.fromEntries(
      Object.entries(others).map(([name, value]) => [`ce-${name}`, percentEncoded(String(value))]),
    ),
  };
}

function dataMember(event: Pick<CloudEventContent, "data" | "contentType">): {
  readonly member: "data" | "data_base64";
  readonly bytes: Buffer;
} {
  const { data, contentType } = event;
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { member: isJsonType(contentType) && isJson(bytes) ? "data" : "data_base64", bytes };
}

/** An inbound payload may call itself JSON and not be it: it must not break the envelope. */
function isJson(bytes: Buffer): boolean {
  if (!isUtf8(bytes)) return false;
  try {
    JSON.parse(bytes.toString());
    return true;
  } catch {
    return false;
  }
}

/** The event itself is the span that whoever receives it goes on from. */
function traceparentOf({ trace, id }: Pick<LogEvent, "trace" | "id">): string {
  return `00-${trace}-${Buffer.from(sha256(id)).toString("hex").slice(0, 16)}-01`;
}

function clean(text: string): string {
  return text.replaceAll(NOT_ALLOWED, "\uFFFD");
}

function listed(channel: string): string {
  return clean(channel).replaceAll("%", "%25").replaceAll(",", "%2C");
}

function percentEncoded(text: string): string {
  return text.replaceAll(TO_ENCODE, (found) =>
    Buffer.from(found)
      .toString("hex")
      .toUpperCase()
      .replaceAll(/../g, (byte) => `%${byte}`),
  );
}
