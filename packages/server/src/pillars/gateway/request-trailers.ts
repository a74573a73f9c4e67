import { Buffer } from "node:buffer";

/**
 * What may not stand behind a body (RFC 9110 §6.5.1): framing, routing, credentials, the form of the content; and what only
 * the gateway says to an upstream. Whoever read them there would read them past every check of the head.
 */
const NEVER =
  /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|http2-settings|content-.*|host|authorization|cookie|set-cookie|x-api-key|cache-control|pragma|range|if-.*|max-forwards|expect|via|forwarded|x-forwarded-.*|x-real-ip|x-request-id|traceparent|tracestate|(?:x-)?portico-.*)$/i;

/** The end of a chunked body with the trailers that may go on. `raw` is name, value, name, value, … as node:http read them. */
export function lastChunk(raw: readonly string[]): Buffer {
  let lines = "0\r\n";
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? "";
    if (!NEVER.test(name)) lines += `${name}: ${raw[index + 1] ?? ""}\r\n`;
  }
  return Buffer.from(`${lines}\r\n`, "latin1");
}
