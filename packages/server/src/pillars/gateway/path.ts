/**
 * One form of a path, for routing, permission and forwarding alike. What two servers could read differently is
 * refused rather than repaired: a check on one reading would not hold for the other.
 */

/** A request target in its one form. */
export interface Target {
  readonly path: string;
  /** With its `?`; empty when there is none. Passed on as it came. */
  readonly query: string;
  /**
   * The path as it is to a server that cuts parameters off its segments (`/a;v=1` is `/a`), where that is another: it must
   * lead to the same route.
   */
  readonly cutPath?: string;
}

// Nearly every path: unreserved, sub-delims without `;`, `:` and `@`; no dot at the start of a segment, no `//`.
const PLAIN = /^(?:\/[\w~!$&'()*+,=:@-][\w~!$&'()*+,=:@.-]*)*\/?$/;
const SEGMENT_CHARACTERS = /^[\w~!$&'()*+,=:@.;%-]+$/;
const QUERY = /^[\x21\x22\x24-\x5b\x5d-\x7e]*$/;
const ENCODED = /%([0-9a-fA-F]{2})?/g;
const UNRESERVED = /[\w.~-]/;
// An encoded slash, backslash, percent sign or control is a separator to one server and a letter to the next.
const AMBIGUOUS_BYTES = new Set([0x2f, 0x5c, 0x25, 0x7f]);

/**
 * Reads the target of a request line in origin form. Answers a sentence's end that says what is ambiguous about it:
 * "holds an encoded slash".
 */
export function readTarget(url: string): Target | string {
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? "" : url.slice(mark);
  if (query !== "" && !QUERY.test(query)) {
    return "holds a character in its query that must be percent-encoded";
  }
  if (PLAIN.test(path) && path !== "") return { path, query };
  if (!path.startsWith("/")) return "is not an absolute path";
  const normal = normalise(path);
  return typeof normal === "string" ? normal : { ...normal, query };
}

function normalise(path: string): Omit<Target, "query"> | string {
  const segments = path.slice(1).split("/");
  const out: string[] = [];
  for (const [index, raw] of segments.entries()) {
    if (raw === "") {
      if (index < segments.length - 1) return "holds an empty segment (two slashes)";
      out.push("");
      continue;
    }
    if (!SEGMENT_CHARACTERS.test(raw)) return "holds a character that must be percent-encoded";
    const segment = decodeUnreserved(raw);
    if (segment === undefined) return "holds an encoding that servers read differently";
    // `..;a` is `..` to servers that cut parameters off a segment, `..%3Ba` to those that decode it before.
    if (/^\.{1,2}(?:;|%3B|$)/.test(segment)) return "holds a dot segment";
    if (/^(?:;|%3B)/.test(segment)) return "holds a segment of parameters alone";
    out.push(segment);
  }
  const whole = `/${out.join("/")}`;
  const cutPath = whole.replaceAll(/(?:;|%3B)[^/]*/g, "");
  return cutPath === whole ? { path: whole } : { path: whole, cutPath };
}

/** RFC 3986 §6.2.2.2: `%41` and `A` are the same; other escapes stay, in upper case. Undefined when one is ambiguous. */
function decodeUnreserved(segment: string): string | undefined {
  if (!segment.includes("%")) return segment;
  let isAmbiguous = false;
  const decoded = segment.replaceAll(ENCODED, (whole, hex: string | undefined) => {
    const byte = hex === undefined ? 0 : Number.parseInt(hex, 16);
    if (byte < 0x20 || AMBIGUOUS_BYTES.has(byte)) isAmbiguous = true;
    const character = String.fromCharCode(byte);
    return UNRESERVED.test(character) && byte < 0x80 ? character : whole.toUpperCase();
  });
  return isAmbiguous ? undefined : decoded;
}
