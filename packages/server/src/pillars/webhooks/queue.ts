import type { Append, Origin, Tx } from "portico/kernel";
import { DEFAULT_CONCURRENCY } from "./steering.ts";
import type { WebhookTables } from "./tables.ts";

/** Rows of one insert; far below what a statement may carry on either database. */
const CHUNK = 500;
/** Of two that could be sent now a first try goes first, until a retry is two minutes older. */
const RETRY_PRIORITY = 7;
/** What is sent again or late in bulk stands back for all that happens now. */
const BULK_PRIORITY = 9;

// The engine counts the runs of a kind and key over all processes: one kind of job for each concurrency a webhook may
// have. A job that finds itself in another lane than its webhook's, since that was changed, moves over.
const LANES: ReadonlyMap<number, string> = new Map([
  [1, "deliver1"],
  [2, "deliver2"],
  [4, "deliver"],
  [8, "deliver8"],
  [16, "deliver16"],
]);

/** Lanes by name, each with its concurrency. */
export const lanes: readonly (readonly [name: string, concurrency: number])[] = [...LANES].map(
  ([concurrency, name]) => [name, concurrency],
);

/** The lane of a webhook with this concurrency. */
export function laneOf(concurrency: number): string {
  return LANES.get(concurrency) ?? LANES.get(DEFAULT_CONCURRENCY) ?? "deliver";
}

/** One delivery as its job names it. */
export interface Queued {
  readonly delivery: string;
  readonly webhook: string;
  readonly event: string;
  readonly round: number;
  /** Known where it was just given; else it is read. */
  readonly position?: number;
  /** True: it may have been tried before, so how far it came is read. */
  readonly again?: boolean;
  /** True: sent although the webhook is paused. */
  readonly pass?: boolean;
}

/** How it is put in the queue. */
export interface QueueOptions {
  readonly concurrency: number;
  readonly afterMs?: number;
  readonly isRetry?: boolean;
  readonly isBulk?: boolean;
  readonly origin?: Origin;
}

/** Adds the job of a delivery that keeps no order. */
export function enqueueDelivery(
  writer: Pick<Append, "enqueue">,
  queued: Queued,
  { concurrency, afterMs, isRetry, isBulk, origin }: QueueOptions,
): void {
  writer.enqueue(laneOf(concurrency), queued, {
    key: queued.webhook,
    ...(afterMs === undefined ? {} : { afterMs }),
    ...(isRetry === true ? { priority: RETRY_PRIORITY } : {}),
    ...(isBulk === true ? { priority: BULK_PRIORITY } : {}),
    ...(origin === undefined ? {} : { origin }),
  });
}

/** A line: the deliveries of one key of an ordered webhook. */
export interface Line {
  readonly webhook: string;
  readonly line: string;
  readonly concurrency: number;
  readonly origin?: Origin;
  readonly pass?: boolean;
}

/** Adds the job of a line. Only for who knows that there is none: see {@link wakeLines}. */
export function enqueueLine(
  writer: Pick<Append, "enqueue">,
  { webhook, line, concurrency, origin, pass }: Line,
  afterMs?: number,
): void {
  writer.enqueue(
    laneOf(concurrency),
    { webhook, line, ...(pass === true ? { pass } : {}) },
    {
      key: webhook,
      ...(afterMs === undefined ? {} : { afterMs }),
      ...(origin === undefined ? {} : { origin }),
    },
  );
}

/**
 * Tells lines that something joined them. A line's row is there exactly while a job works on it: who makes the row adds
 * the job, who finds it there only counts it up, and then that job cannot end before it has looked again.
 */
export async function wakeLines(tx: Tx, lines: readonly Line[]): Promise<void> {
  const unique = new Map(lines.map((line) => [nameOf(line.webhook, line.line), line]));
  const all = [...unique.values()];
  for (let start = 0; start < all.length; start += CHUNK) {
    const woken = await tx
      .db<WebhookTables>()
      .insertInto("webhooks_lines")
      .values(
        all
          .slice(start, start + CHUNK)
          .map(({ webhook, line }) => ({ webhook, orderKey: line, wakes: 1 })),
      )
      .onConflict((conflict) =>
        conflict
          .columns(["organization", "webhook", "orderKey"])
          .doUpdateSet((row) => ({ wakes: row("webhooks_lines.wakes", "+", 1) })),
      )
      .returning(["webhook", "orderKey", "wakes"])
      .execute();
    for (const { webhook, orderKey, wakes } of woken) {
      const line = unique.get(nameOf(webhook, orderKey));
      if (wakes === 1 && line !== undefined) enqueueLine(tx, line);
    }
  }
}

function nameOf(webhook: string, line: string): string {
  return `${webhook} ${line}`;
}
