import { Buffer } from "node:buffer";
import { parseExact, toRfc3339 } from "portico/kernel";
import type { LogEvent } from "portico/kernel";

/** What of an event goes into the body of its deliveries. */
export type Deliverable = Pick<LogEvent, "id" | "type" | "at" | "data" | "contentType" | "trace">;

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json(?:;|$)/;
const CLOSE = Buffer.from("}");

/**
 * The body of every attempt: `{"type", "timestamp", "data"}` with the data's bytes as they were accepted, so that
 * numbers, spaces and the order of keys arrive as they were sent. Data that is not JSON goes as base64 text beside
 * its `contentType`. The timestamp is the event's; the same event always gives the same bytes.
 */
export function envelope({ type, at, data, contentType }: Deliverable): Uint8Array {
  const head = `{"type":${JSON.stringify(type)},"timestamp":"${toRfc3339(at)}",`;
  if (JSON_TYPE.test(contentType))
    return Buffer.concat([Buffer.from(`${head}"data":`), data, CLOSE]);
  const encoded = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
  return Buffer.from(`${head}"contentType":${JSON.stringify(contentType)},"data":"${encoded}"}`);
}

/** An event's data as a value that is written again with its numbers as they arrived; what is not JSON, as base64. */
export function readExact({
  data,
  contentType,
}: Pick<Deliverable, "data" | "contentType">): unknown {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (!JSON_TYPE.test(contentType)) return bytes.toString("base64");
  return parseExact(bytes);
}
