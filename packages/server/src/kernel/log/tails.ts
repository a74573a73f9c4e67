import type { Clock } from "../../base/index.ts";
import type { LogEvent, Logger } from "../contract/index.ts";
import type { Bell } from "./bell.ts";
import type { LogReader } from "./query.ts";
import { matchesType } from "./types.ts";

const BATCH = 500;
const POLL_ACTIVE_MS = 50;
const POLL_IDLE_MS = 1_000;

interface Listener {
  readonly types: readonly string[];
  readonly listen: (event: LogEvent) => void;
}

/** The listeners of this process, served in log order from one reading of the log. */
export interface Tails {
  add(types: readonly string[], listen: (event: LogEvent) => void): () => void;
  /** Position up to which every listener was told. */
  position(): number;
  /** Reads until the signal. Every event is read from the log, so a lost hint leaves no gap. */
  run(signal: AbortSignal): Promise<void>;
}

/** What the tails need. */
export interface TailsOptions {
  readonly reader: LogReader;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly bell: Bell;
  readonly moved: () => void;
}

/** Makes the tails of one process, from a position on. */
export function createTails(options: TailsOptions, from: number): Tails {
  const listeners = new Set<Listener>();
  let position = from;
  let changes = 0;
  const tell = (event: LogEvent): void => {
    for (const { types, listen } of listeners) {
      if (!matchesType(types, event.type)) continue;
      try {
        listen(event);
      } catch (error) {
        options.logger.error({ error, event: event.id }, "A listener of the log failed.");
      }
    }
  };
  const read = async (): Promise<boolean> => {
    const head = await options.reader.head();
    if (head <= position) return false;
    if (listeners.size === 0) {
      position = head;
      return false;
    }
    const before = changes;
    const types = [...new Set([...listeners].flatMap((listener) => listener.types))];
    const events = await options.reader.between({
      after: position,
      upTo: head,
      types,
      limit: BATCH,
    });
    // Somebody came while we read, perhaps for types that were not asked for: read again.
    if (changes !== before) return true;
    for (const event of events) tell(event);
    position = events.length < BATCH ? head : (events.at(-1)?.seq ?? head);
    options.moved();
    return true;
  };
  return {
    add: (types, listen) => {
      const listener: Listener = { types, listen };
      listeners.add(listener);
      changes += 1;
      return () => void listeners.delete(listener);
    },
    position: () => position,
    run: async (signal) => {
      let pauseMs = POLL_ACTIVE_MS;
      while (!signal.aborted) {
        try {
          const hasRead = await read();
          pauseMs = hasRead ? POLL_ACTIVE_MS : Math.min(pauseMs * 2, POLL_IDLE_MS);
          if (!hasRead) await options.bell.wait(pauseMs, signal);
        } catch (error) {
          options.logger.warn({ error }, "The log's tail could not read; it tries again.");
          await options.bell.wait(POLL_ACTIVE_MS, signal);
        }
      }
    },
  };
}
