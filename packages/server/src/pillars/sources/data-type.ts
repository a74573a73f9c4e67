import type { Message } from "./verification/index.ts";

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/;
const MEDIA_TYPE = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;
/** For bytes whose own type cannot be relied upon. */
const BYTES_TYPE = "application/octet-stream";

/** The media type that was sent with a message, if it can be kept at all. */
export function sentTypeOf(message: Message): string {
  const [sent = ""] = message.headers.get("content-type") ?? [];
  return MEDIA_TYPE.test(sent) ? sent : BYTES_TYPE;
}

/**
 * The media type of the event. JSON is only what reads as JSON: deliveries put such data into a document of their own as it
 * is, and what merely says that it is JSON could write itself other members there.
 */
export function dataTypeOf(message: Message): string {
  if (!JSON_TYPE.test(message.mediaType)) return sentTypeOf(message);
  const [coding = "identity"] = message.headers.get("content-encoding") ?? [];
  const isJson = coding === "identity" && message.json() !== undefined;
  return isJson ? message.mediaType : BYTES_TYPE;
}
