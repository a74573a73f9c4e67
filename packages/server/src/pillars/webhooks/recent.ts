import type { Deliverable } from "./envelope.ts";

const BYTES_MAX = 32 * 1_048_576;
const OVERHEAD_BYTES = 512;

/** Events that were matched a moment ago, so that first tries need no read. Immutable rows: nothing goes stale. */
export interface RecentEvents {
  remember(event: Deliverable): void;
  find(id: string): Deliverable | undefined;
}

/** Keeps up to 32 MB of events, the oldest leaving first. */
export function recentEvents(bytesMax = BYTES_MAX): RecentEvents {
  const kept = new Map<string, Deliverable>();
  let bytes = 0;
  return {
    remember(event) {
      if (kept.has(event.id)) return;
      kept.set(event.id, event);
      bytes += event.data.byteLength + OVERHEAD_BYTES;
      for (const [id, oldest] of kept) {
        if (bytes <= bytesMax) break;
        kept.delete(id);
        bytes -= oldest.data.byteLength + OVERHEAD_BYTES;
      }
    },
    find: (id) => kept.get(id),
  };
}
