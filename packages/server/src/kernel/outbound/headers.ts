const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// RFC 9110 §5.5: visible ASCII, space, tab and obs-text; never CR, LF or NUL, which would begin another header.
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Set by the client itself: where the message goes and how it is framed is not the caller's to say. */
const OWN_HEADERS = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
const REFUSED_METHODS = new Set(["CONNECT", "TRACE", "TRACK"]);

/** Why a method or a header may not be sent, or undefined. Values are never shown: they may be secrets. */
export function objectionToHead(
  method: string,
  headers: Readonly<Record<string, string>>,
): string | undefined {
  if (!TOKEN.test(method) || REFUSED_METHODS.has(method.toUpperCase())) {
    return "its method is not one that can be called.";
  }
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    if (!TOKEN.test(name)) return "the name of a header holds characters that are not allowed.";
    const lower = name.toLowerCase();
    if (OWN_HEADERS.has(lower)) return `the header ${lower} is set by Portico itself.`;
    if (seen.has(lower)) return `the header ${lower} is given twice.`;
    seen.add(lower);
    if (!VALUE.test(value)) return `the value of ${lower} holds characters that are not allowed.`;
  }
  return undefined;
}
