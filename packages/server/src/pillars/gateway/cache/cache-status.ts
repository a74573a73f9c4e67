/** Why a request went on to the upstream (RFC 9211 §2.2). */
export type ForwardReason = "bypass" | "method" | "uri-miss" | "vary-miss" | "stale" | "request";

/** What the cache did with a call, for `Cache-Status` and for the notes. */
export type CacheNote =
  | { readonly kind: "hit"; readonly ttlMs: number; readonly detail?: string }
  | {
      readonly kind: "forward";
      readonly reason: ForwardReason;
      readonly status?: number;
      readonly isStored?: boolean;
      readonly isCollapsed?: boolean;
      readonly detail?: string;
    };

/** The member of `Cache-Status` that tells of it (RFC 9211). */
export function cacheStatusOf(note: CacheNote): string {
  const detail = note.detail === undefined ? "" : `; detail="${note.detail}"`;
  if (note.kind === "hit") return `portico; hit; ttl=${Math.floor(note.ttlMs / 1_000)}${detail}`;
  const { reason, status, isStored, isCollapsed } = note;
  return (
    `portico; fwd=${reason}` +
    (status === undefined ? "" : `; fwd-status=${status}`) +
    (isStored === true ? "; stored" : "") +
    (isCollapsed === true ? "; collapsed" : "") +
    detail
  );
}
