import { Buffer } from "node:buffer";
import { isJsonType, parseExact, sha256 } from "portico/kernel";
import type { BodyForm, HeaderFields, Problem } from "portico/kernel";
import { raise } from "./errors.ts";
import { elementsBytes, memberBytes } from "./exact.ts";
import { isObject } from "./schema/index.ts";
import type { JsonObject } from "./schema/index.ts";

const NAME = /^[a-z0-9]{1,20}$/;
const STRUCTURED = "application/cloudevents+json";
const BATCH = "application/cloudevents-batch+json";
/** Attributes that an event of the log has itself, or that say how to read the rest. */
const OWN = new Set(
  "specversion type subject datacontenttype data data_base64 partitionkey channels".split(" "),
);
const EVENTS_MAX = 1_000;

/** Structured mode: the whole event as JSON. */
export const structuredForm: BodyForm = {
  mediaType: STRUCTURED,
  matches: (headers) => essenceOf(headers) === STRUCTURED,
  toJson: (bytes) => fromJson(bytes, readJson(bytes)),
};

/** Binary mode: attributes as header fields, the data as the body. */
export const binaryForm: BodyForm = {
  mediaType: "*/*",
  matches: (headers) => headers["ce-specversion"] !== undefined,
  toJson: (bytes, headers) => {
    const { "content-type": type, ...fields } = headers;
    const attributes = Object.fromEntries(
      Object.entries(fields).flatMap(([name, value]) =>
        name.startsWith("ce-") ? [[name.slice(3), decoded(String(value))]] : [],
      ),
    );
    if (attributes["datacontenttype"] !== undefined) {
      throw bad("ce-datacontenttype must not be sent: Content-Type says it.");
    }
    // A body that is not there is the data `null`.
    const data = bytes.byteLength === 0 ? Buffer.from("null") : bytes;
    const datacontenttype = bytes.byteLength === 0 ? undefined : type;
    // Looked at by itself: it is spliced in, and must not reach beyond its place.
    if (isJsonType(String(datacontenttype ?? "application/json"))) readJson(data);
    return written(
      { ...attributes, ...(datacontenttype === undefined ? {} : { datacontenttype }) },
      data,
    );
  },
};

/** A batch that was sent to where one event is taken. */
export const noBatchForm: BodyForm = {
  mediaType: BATCH,
  matches: (headers) => essenceOf(headers) === BATCH,
  toJson: () => {
    throw raise("events.batchElsewhere");
  },
};

/** Batched mode: a JSON array of structured events. */
export const batchForm: BodyForm = {
  mediaType: BATCH,
  matches: (headers) => essenceOf(headers) === BATCH,
  toJson: (bytes) => {
    const list = readJson(bytes);
    if (!Array.isArray(list)) throw bad("a batch is a JSON array.");
    if (list.length > EVENTS_MAX) throw bad(`a batch holds at most ${EVENTS_MAX} events.`);
    const elements = elementsBytes(bytes);
    const events = list.map((event, index) => fromJson(elements[index] ?? bytes, event));
    const parts = events.flatMap((event, index) => (index === 0 ? [event] : [COMMA, event]));
    return Buffer.concat([Buffer.from('{"events":['), ...parts, Buffer.from("]}")]);
  },
};

const COMMA = Buffer.from(",");

function essenceOf(headers: HeaderFields): string {
  return (
    String(headers["content-type"] ?? "")
      .split(";", 1)[0]
      ?.trim()
      .toLowerCase() ?? ""
  );
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return parseExact(bytes);
  } catch {
    throw bad("it is not JSON.");
  }
}

/** One event in the JSON format. Its data is taken as the bytes that came. */
function fromJson(bytes: Uint8Array, event: unknown): Uint8Array {
  if (!isObject(event)) throw bad("an event is a JSON object.");
  const { data, data_base64: base64, ...attributes } = event;
  if (base64 === undefined || base64 === null) {
    return fromData(attributes, data, memberBytes(bytes, "data"));
  }
  if (data !== undefined) throw bad("data and data_base64 exclude each other.");
  if (typeof base64 !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) {
    throw bad("data_base64 is not base64 text.");
  }
  return written(attributes, Buffer.from(base64, "base64"));
}

function fromData(
  attributes: JsonObject,
  data: unknown,
  bytes: Uint8Array | undefined,
): Uint8Array {
  if (bytes === undefined) return written(attributes, Buffer.from("null"));
  if (isJsonType(contentTypeOf(attributes))) return written(attributes, bytes);
  // JSON format §3.1.2: of other types the member is the text itself.
  if (typeof data !== "string") {
    throw bad("data of a datacontenttype that is not JSON is a text; send bytes as data_base64.");
  }
  return written(attributes, Buffer.from(data));
}

function contentTypeOf({ datacontenttype }: JsonObject): string {
  return typeof datacontenttype === "string" ? datacontenttype : "application/json";
}

/** The event as the JSON of our own body, its data spliced in byte for byte. */
function written(given: JsonObject, data: Uint8Array): Uint8Array {
  const attributes = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== null && value !== undefined),
  );
  refuseMistakes(attributes);
  const { type, subject, id, source, partitionkey, channels } = attributes;
  const contentType = contentTypeOf(attributes);
  const others = Object.entries(attributes).filter(([name]) => !OWN.has(name));
  const head = JSON.stringify({
    type,
    ...(subject === undefined ? {} : { subject }),
    ...(partitionkey === undefined ? {} : { key: partitionkey }),
    ...(typeof channels === "string" ? { channels: channels.split(",").map(decoded) } : {}),
    ...(attributes["datacontenttype"] === undefined ? {} : { contentType }),
    // CloudEvents §3.1: source and id together name one event.
    idempotencyKey: `ce:${Buffer.from(sha256(JSON.stringify([source, id]))).toString("hex")}`,
    attributes: Object.fromEntries(others),
  }).slice(0, -1);
  if (isJsonType(contentType)) {
    return Buffer.concat([Buffer.from(`${head},"data":`), data, Buffer.from("}")]);
  }
  const base64 = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
  return Buffer.from(`${head},"dataBase64":"${base64}"}`);
}

function refuseMistakes(attributes: JsonObject): void {
  if (attributes["specversion"] !== "1.0") throw bad("specversion must be 1.0.");
  for (const name of ["id", "source", "type"]) {
    const value = attributes[name];
    if (typeof value !== "string" || value === "") throw bad(`${name} is missing or empty.`);
  }
  for (const [name, value] of Object.entries(attributes)) {
    if (!NAME.test(name)) {
      throw bad(
        `the attribute '${name.slice(0, 40)}' is not named by 1 to 20 lower-case letters and digits.`,
      );
    }
    if (typeof value === "object")
      throw bad(`the attribute ${name} is not a text, integer or boolean.`);
  }
  const { time } = attributes;
  if (time !== undefined && !isTimestamp(time)) throw bad("time is not a timestamp of RFC 3339.");
}

function isTimestamp(value: unknown): boolean {
  return (
    typeof value === "string" &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i.test(value) &&
    !Number.isNaN(Date.parse(value))
  );
}

/** HTTP binding §3.1.3.2: quoted text is unquoted, then percent-decoded once; what is not UTF-8 is refused. */
function decoded(value: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(value.trim());
  const text = quoted?.[1]?.replaceAll(/\\(.)/g, "$1") ?? value;
  try {
    return decodeURIComponent(text.replaceAll(/%(?![0-9a-fA-F]{2})/g, "%25"));
  } catch {
    throw bad("a header value is not UTF-8 that is percent-encoded.");
  }
}

function bad(reason: string): Problem {
  return raise("events.badCloudEvent", { params: { reason } });
}
