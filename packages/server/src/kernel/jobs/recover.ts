import type { SqlValue } from "../contract/index.ts";
import type { Driver } from "../store/index.ts";

/** What recovery is told besides its statement. */
export interface RecoveryOptions {
  readonly now: number;
  readonly crashesMax: number;
  /** Parameters of the condition that says whose jobs. */
  readonly whose: readonly SqlValue[];
}

/**
 * Takes jobs from whoever ran them and counts a crash for each. Whether one is set aside is decided by the engine that
 * claims it next, which knows its definition. The old runs keep their tokens, which no write can use any more.
 */
export async function recover(
  driver: Driver,
  sql: string,
  { now, crashesMax, whose }: RecoveryOptions,
): Promise<number> {
  return driver.transaction(async (tx) => {
    const freed = await tx.execute({ sql, parameters: [now, crashesMax, ...whose] });
    return freed.changes;
  });
}
