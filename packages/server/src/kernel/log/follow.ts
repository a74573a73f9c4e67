import type { Log, LogEvent } from "../contract/index.ts";

/** Events that a follower who does not read may fall behind by; then the oldest are dropped and counted. */
const BEHIND_MAX = 1_000;

/** Which events are followed. */
export interface FollowQuery {
  readonly organization: string;
  /** Exact types, or prefixes with `*`. */
  readonly types: readonly string[];
}

/** One event, and how many were dropped right before it because nobody read. */
export interface FollowedEvent {
  readonly event: LogEvent;
  readonly dropped: number;
}

/**
 * Events of one organization from now on, in log order, until the signal: for whoever looks on live. Nobody waits for a
 * follower: one that falls 1,000 events behind misses the oldest and is told how many.
 *
 * @example
 * for await (const { event } of followLog(ctx.log, { organization, types: ["invoice.*"] }, signal)) show(event);
 */
export async function* followLog(
  log: Pick<Log, "tail">,
  { organization, types }: FollowQuery,
  signal: AbortSignal,
): AsyncGenerator<FollowedEvent> {
  const waiting: LogEvent[] = [];
  let dropped = 0;
  let wake = (): void => undefined;
  const stop = log.tail(types, (event) => {
    if (event.organization !== organization) return;
    waiting.push(event);
    if (waiting.length > BEHIND_MAX) {
      waiting.shift();
      dropped += 1;
    }
    wake();
  });
  const abort = (): void => wake();
  signal.addEventListener("abort", abort);
  try {
    while (!signal.aborted) {
      const event = waiting.shift();
      if (event === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      yield { event, dropped };
      dropped = 0;
    }
  } finally {
    stop();
    signal.removeEventListener("abort", abort);
  }
}
