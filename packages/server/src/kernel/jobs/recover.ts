import type { SqlValue } from "../contract/index.ts";
import type { Driver } from "../store/index.ts";
import { jobErrors } from "./errors.ts";
import type { RecoveryStatements } from "./statements.ts";

/**
 * Takes jobs from whoever ran them and counts a crash for each; one that crashed `crashesMax` times is set aside. The
 * old runs keep their tokens, which no write can use any more.
 */
export async function recover(
  driver: Driver,
  statements: RecoveryStatements,
  at: {
    readonly now: number;
    readonly crashesMax: number;
    /** Parameters of the condition that says whose. */
    readonly whose: readonly SqlValue[];
  },
): Promise<number> {
  const { now, crashesMax, whose } = at;
  const error = jobErrors["jobs.crashed"].text.replace("{crashes}", String(crashesMax));
  return driver.transaction(async (tx) => {
    const { setAside, remove, free } = statements;
    const aside = await tx.execute({
      sql: setAside,
      parameters: [now, `jobs.crashed: ${error}`, crashesMax, ...whose],
    });
    await tx.execute({ sql: remove, parameters: [crashesMax, ...whose] });
    const freed = await tx.execute({ sql: free, parameters: [now, ...whose] });
    return aside.changes + freed.changes;
  });
}
