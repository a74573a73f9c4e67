import type { IncomingHttpHeaders } from "node:http";
import { fieldOf, withoutFields } from "../fields.ts";
import { parseHttpDate } from "./http-date.ts";

const TAG = /(?:W\/)?"[^"]*"|[^,\s]+/g;

/** True when a list of entity tags names this one, by weak comparison (RFC 9110 §8.8.3.2, §13.1.2). */
export function namesTag(list: string, etag: string): boolean {
  if (list.trim() === "*") return true;
  const wanted = withoutWeakness(etag);
  for (const [tag] of list.matchAll(TAG)) if (withoutWeakness(tag) === wanted) return true;
  return false;
}

function withoutWeakness(tag: string): string {
  return tag.startsWith("W/") ? tag.slice(2) : tag;
}

/** What a stored reply says of its own revision. */
export interface Validators {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  readonly dateMs: number;
}

/** True when the caller already has what is stored: it is answered 304 (RFC 9111 §4.3.2). */
export function isNotModified(
  headers: IncomingHttpHeaders,
  { etag, lastModified, dateMs }: Validators,
  nowMs: number,
): boolean {
  const wanted = headers["if-none-match"];
  if (wanted !== undefined)
    return wanted.trim() === "*" || (etag !== undefined && namesTag(wanted, etag));
  const since = headers["if-modified-since"];
  const sinceMs = since === undefined ? undefined : parseHttpDate(since, nowMs);
  if (sinceMs === undefined) return false;
  const modifiedMs = lastModified === undefined ? undefined : parseHttpDate(lastModified, nowMs);
  return (modifiedMs ?? dateMs) <= sinceMs;
}

/** True for a request whose condition only the origin may judge (RFC 9110 §13.1.1, §13.1.4). */
export function isForOrigin(headers: IncomingHttpHeaders): boolean {
  return headers["if-match"] !== undefined || headers["if-unmodified-since"] !== undefined;
}

/** Fields that a 304 carries (RFC 9110 §15.4.5), besides ours. */
const IN_NOT_MODIFIED: ReadonlySet<string> = new Set([
  "cache-control",
  "cdn-cache-control",
  "content-location",
  "date",
  "etag",
  "expires",
  "last-modified",
  "vary",
]);

/** The fields of the 304 made from a stored reply. */
export function notModifiedFields(stored: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < stored.length; index += 2) {
    const name = stored[index] ?? "";
    if (IN_NOT_MODIFIED.has(name.toLowerCase())) kept.push(name, stored[index + 1] ?? "");
  }
  return kept;
}

/** Fields that say what the stored bytes are: a 304 does not change them (RFC 9111 §3.2). */
const OF_THE_BYTES: ReadonlySet<string> = new Set([
  "content-encoding",
  "content-length",
  "content-md5",
  "content-range",
  "etag",
  "transfer-encoding",
]);

/** The stored fields brought up to date by a 304: each field that it has replaces the stored ones of that name. */
export function mergedFields(stored: readonly string[], update: readonly string[]): string[] {
  const fresh = withoutFields(update, OF_THE_BYTES);
  const names = new Set<string>();
  for (let index = 0; index < fresh.length; index += 2)
    names.add((fresh[index] ?? "").toLowerCase());
  // How old the stored reply is begins anew with the update.
  names.add("age");
  return [...withoutFields(stored, names), ...fresh];
}

/** Name and value of the fields with which the upstream is asked whether a stored reply is still right. */
export function validatorsOf(stored: readonly string[]): readonly (readonly [string, string])[] {
  const etag = fieldOf(stored, "etag");
  const modified = fieldOf(stored, "last-modified");
  return [
    ...(etag === undefined ? [] : [["If-None-Match", etag] as const]),
    ...(modified === undefined ? [] : [["If-Modified-Since", modified] as const]),
  ];
}
