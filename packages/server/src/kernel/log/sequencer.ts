import type { Clock } from "../../base/index.ts";
import type { Logger } from "../contract/index.ts";
import type { Driver } from "../store/index.ts";
import type { Bell } from "./bell.ts";

const BATCH = 2_000;
const POLL_MS = 20;
const TROUBLE_MS = 200;

/** Hint to every process: events got their positions. */
export const SEQUENCED = "log";

const OPEN = `select 1 as open from log_events where seq is null limit 1`;
// Whoever wrote last is waited for, and the next statement sees what it wrote: two sequencers, one of which does not
// know yet that it was replaced, still give each position once.
const LOCK = `select last from log_sequence where one = 1 for update`;
// row_id is taken under the stream's lock, so its order is the order within every stream; across streams any will do.
const GIVE = `
  with open_rows as materialized (
    select row_id from log_events where seq is null order by row_id limit ${BATCH}
  ), numbered as materialized (
    select row_id, row_number() over (order by row_id) as n from open_rows
  ), taken as (
    update log_sequence set last = last + (select count(*) from numbered) where one = 1
    returning last - (select count(*) from numbered) as before
  )
  update log_events set seq = taken.before + numbered.n
  from numbered, taken where log_events.row_id = numbered.row_id`;

/** What the sequencer needs. */
export interface SequencerOptions {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly bell: Bell;
  /** Called after each batch, in this process. */
  readonly sequenced: () => void;
}

/**
 * Gives positions to committed events on PostgreSQL; runs in the one elected process until the signal. A position is
 * given only to what its transaction has committed, so nothing ever appears behind a reader.
 */
export async function runSequencer(options: SequencerOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const given = await giveBatch(options);
    if (given > 0) {
      options.driver.notify(SEQUENCED);
      options.sequenced();
    }
    if (given < BATCH) await options.bell.wait(given < 0 ? TROUBLE_MS : POLL_MS, signal);
  }
}

async function giveBatch({ driver, logger }: SequencerOptions): Promise<number> {
  try {
    const open = await driver.query({ sql: OPEN, parameters: [] });
    if (open.rows.length === 0) return 0;
    return await driver.transaction(async (tx) => {
      await tx.execute({ sql: LOCK, parameters: [] });
      return (await tx.execute({ sql: GIVE, parameters: [] })).changes;
    });
  } catch (error) {
    logger.warn({ error }, "The log could not give positions; it tries again.");
    return -1;
  }
}
