import type { TimelineEntry } from "portico/kernel";

/** An entry with its distance from the beginning of the thread. */
export interface PlacedEntry extends TimelineEntry {
  readonly depth: number;
}

/**
 * Writes a thread as a tree in reading order: each entry is followed by what it caused, siblings by their time. A
 * request that no log kept is still shown, from what its effects say of it; other causes that nobody tells of are not.
 */
export function arrange(entries: readonly TimelineEntry[]): PlacedEntry[] {
  const all = [...unrecordedRequests(entries), ...entries];
  const ids = new Set(all.map((entry) => entry.id));
  const children = Map.groupBy(all, ({ cause, id }) =>
    cause !== null && cause !== id && ids.has(cause) ? cause : null,
  );
  const placed: PlacedEntry[] = [];
  const seen = new Set<string>();
  const place = (siblings: readonly TimelineEntry[], depth: number): void => {
    for (const entry of siblings.toSorted(byTime)) {
      if (seen.has(entry.id)) continue;
      seen.add(entry.id);
      placed.push({ ...entry, depth });
      place(children.get(entry.id) ?? [], depth + 1);
    }
  };
  place(children.get(null) ?? [], 0);
  // What two plugins say caused each other is still shown.
  place(all, 0);
  return placed;
}

function byTime(left: TimelineEntry, right: TimelineEntry): number {
  return left.at - right.at || (left.id < right.id ? -1 : 1);
}

function unrecordedRequests(entries: readonly TimelineEntry[]): TimelineEntry[] {
  const told = new Set(entries.map((entry) => entry.id));
  const missing = new Map<string, number>();
  for (const { cause, at } of entries) {
    if (cause === null || !cause.startsWith("req_") || told.has(cause)) continue;
    missing.set(cause, Math.min(at, missing.get(cause) ?? at));
  }
  return [...missing].map(([id, at]) => ({
    kind: "request",
    id,
    cause: null,
    at,
    summary: "A request that the request log did not keep",
    details: { isRecorded: false },
  }));
}
