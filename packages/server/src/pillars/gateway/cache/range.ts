import type { IncomingHttpHeaders } from "node:http";
import type { Validators } from "./conditional.ts";

const ONE_RANGE = /^bytes=\s*(\d*)-(\d*)\s*$/i;

/** Bytes from `start` up to and with `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The part of a stored whole that a request asks for (RFC 9110 §14). Undefined when it is answered with all of it: no range,
 * another unit, several ranges, or an If-Range that does not name what is stored.
 */
export function rangeOf(
  headers: IncomingHttpHeaders,
  length: number,
  validators: Validators,
): ByteRange | "unsatisfiable" | undefined {
  const { range } = headers;
  if (range === undefined) return undefined;
  const match = ONE_RANGE.exec(range);
  const [, first = "", last = ""] = match ?? [];
  if (first === "" && last === "") return undefined;
  if (!isSameRevision(headers["if-range"], validators)) return undefined;
  if (first === "") {
    const count = Number(last);
    if (count === 0 || length === 0) return "unsatisfiable";
    return { start: Math.max(0, length - count), end: length - 1 };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return undefined;
  if (start >= length) return "unsatisfiable";
  return { start, end: last === "" ? length - 1 : Math.min(Number(last), length - 1) };
}

/** By strong comparison (RFC 9110 §13.1.5). Node gives only the first of several lines. */
function isSameRevision(
  ifRange: string | string[] | undefined,
  { etag, lastModified }: Validators,
): boolean {
  if (ifRange === undefined) return true;
  if (typeof ifRange !== "string") return false;
  if (ifRange.startsWith('"')) return ifRange === etag;
  return !ifRange.startsWith("W/") && ifRange === lastModified;
}
