import type { Failure, SqlRow, SqlValue } from "../contract/index.ts";
import type { Driver } from "../store/index.ts";
import { jobErrors } from "./errors.ts";
import type { RecoveryStatements } from "./statements.ts";

/** What a recovery did. */
export interface Recovered {
  /** Jobs taken back, those that were set aside included. */
  readonly count: number;
  readonly setAside: readonly Failure[];
}

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
): Promise<Recovered> {
  const { now, crashesMax, whose } = at;
  const text = jobErrors["jobs.crashed"].text.replace("{crashes}", String(crashesMax));
  const error = `jobs.crashed: ${text}`;
  return driver.transaction(async (tx) => {
    const { setAside, remove, free } = statements;
    const aside = await tx.execute({
      sql: setAside,
      parameters: [now, error, crashesMax, ...whose],
    });
    await tx.execute({ sql: remove, parameters: [crashesMax, ...whose] });
    const freed = await tx.execute({ sql: free, parameters: [now, ...whose] });
    const failed = aside.rows.map((row) => failureOf(row, error, now));
    return { count: failed.length + freed.changes, setAside: failed };
  });
}

function failureOf(row: SqlRow, error: string, at: number): Failure {
  return {
    kind: "job",
    organization: String(row["organization"]),
    place: `${String(row["plugin"])}.${String(row["name"])}`,
    code: "jobs.crashed",
    error,
    subject: String(row["actor"]),
    trace: String(row["trace"]),
    id: String(row["id"]),
    at,
  };
}
