import { Buffer } from "node:buffer";

/**
 * Fields that no transform, hook or version change may set or remove: those of this hop and of the framing (RFC 9110
 * §7.6.1, RFC 9112 §6), those that route, and those by which the upstream knows who calls and from where.
 */
const RESERVED =
  /^(?:connection|keep-alive|proxy|proxy-.*|te|trailer|transfer-encoding|upgrade|http2-settings|content-length|content-encoding|host|expect|via|forwarded|x-forwarded-.*|x-real-ip|x-request-id|traceparent|tracestate|portico-.*)$/i;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
// RFC 9110 §5.5. Tab is the one control character that a value may hold.
const VALUE = /^[\t\x20-\x7e\x80-\u{10ffff}]*$/u;

/** Why a field may not be edited, as a sentence's end; undefined when it may be. */
export function nameFault(name: string): string | undefined {
  if (!TOKEN.test(name)) return `'${name}' is no name of a header field`;
  if (RESERVED.test(name)) {
    return `the header field '${name}' belongs to framing, routing or identity and cannot be changed`;
  }
  return undefined;
}

/**
 * A value as it goes over the wire: UTF-8, one byte a character, without white space around it. Undefined when it holds
 * CR, LF, NUL or another control, which would begin a field or a message of its own.
 */
export function wireValue(value: string): string | undefined {
  if (!VALUE.test(value) || !value.isWellFormed()) return undefined;
  return Buffer.from(value.trim(), "utf8").toString("latin1");
}
