import { Buffer } from "node:buffer";
import { cloudEventBytes, isJsonType, parseExact, toRfc3339 } from "portico/kernel";
import type { CloudEventContent, LogEvent } from "portico/kernel";

/** What of an event goes into its deliveries. */
export type Deliverable = CloudEventContent & Pick<LogEvent, "actor">;

/** Forms of the body. */
export type Format = "standard" | "event" | "cloudevents";

const CLOSE = Buffer.from("}");

/** The media type of each form. */
export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  standard: "application/json",
  event: "application/json",
  cloudevents: "application/cloudevents+json; charset=utf-8",
};

/**
 * The body of every attempt, with the data's bytes as they were accepted, so that numbers, spaces and the order of keys
 * arrive as they were sent. Data that is not JSON goes as base64 text beside its media type. The timestamp is the
 * event's; the same event always gives the same bytes.
 */
export function envelope(event: Deliverable, format: Format, source: string): Uint8Array {
  switch (format) {
    case "standard":
      return standard(event);
    case "event":
      return named(event);
    case "cloudevents":
      return cloudEventBytes(event, source);
  }
}

/** `{"id", "type", "timestamp", "data"}`: what Standard Webhooks ask for, and the id that is signed. */
function standard({ id, type, at, data, contentType }: Deliverable): Uint8Array {
  const head = `{"id":${JSON.stringify(id)},"type":${JSON.stringify(type)},"timestamp":"${toRfc3339(at)}",`;
  return Buffer.concat([Buffer.from(head), ...dataMember(data, contentType), CLOSE]);
}

/** `{"id", "event", "data", "timestamp"}`. */
function named({ id, type, at, data, contentType }: Deliverable): Uint8Array {
  const head = `{"id":${JSON.stringify(id)},"event":${JSON.stringify(type)},`;
  const tail = `,"timestamp":"${toRfc3339(at)}"}`;
  return Buffer.concat([Buffer.from(head), ...dataMember(data, contentType), Buffer.from(tail)]);
}

function dataMember(data: Uint8Array, contentType: string): readonly Uint8Array[] {
  if (isJsonType(contentType)) return [Buffer.from(`"data":`), data];
  const encoded = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
  return [Buffer.from(`"contentType":${JSON.stringify(contentType)},"data":"${encoded}"`)];
}

/** An event's data as a value that is written again with its numbers as they arrived; what is not JSON, as base64. */
export function readExact({
  data,
  contentType,
}: Pick<Deliverable, "data" | "contentType">): unknown {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (!isJsonType(contentType)) return bytes.toString("base64");
  return parseExact(bytes);
}
