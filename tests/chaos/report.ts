import { brokenFeatures, type FeatureReport } from "./features.ts";

/** What a kill loop found. */
export interface KillLoopReport {
  readonly database: "sqlite" | "postgres";
  kills: number;
  /** Kills while at least one commit stood still before COMMIT, and between COMMIT and its answer. */
  killsBeforeCommit: number;
  killsAfterCommit: number;
  /** Events that were answered 202. */
  accepted: number;
  /** Of these, those that are not in the database. */
  lost: number;
  /** Positions of the log that no event has, and events that have none. */
  gaps: number;
  /** Accepted events of a subscribed type that were never received. */
  undelivered: number;
  /** Stored events of a subscribed type without exactly one delivery that is through. */
  deliveriesWrong: number;
  /** Events and jobs that were set aside. */
  parked: number;
  delivered: number;
  duplicates: number;
  /** Deliveries that can be under way at one time × kills. */
  duplicatesAllowed: number;
  /** Deliveries that were under way at the last kill: their leases had to be taken back. */
  heldAtLastKill: number;
  /** From the last start's readiness until those of them that no earlier kill had hit had come again. */
  recoveryMs: number;
  /** From the last start's readiness until the last accepted event had been delivered. */
  lastDeliveryMs: number;
  slowestStartMs: number;
  features: FeatureReport | undefined;
  /** Answers that were neither 202 nor a lost connection. */
  surprises: readonly string[];
  seconds: number;
}

/** A report with nothing in it yet. */
export function emptyReport(database: KillLoopReport["database"]): KillLoopReport {
  return {
    database,
    kills: 0,
    killsBeforeCommit: 0,
    killsAfterCommit: 0,
    accepted: 0,
    lost: 0,
    gaps: 0,
    undelivered: 0,
    deliveriesWrong: 0,
    parked: 0,
    delivered: 0,
    duplicates: 0,
    duplicatesAllowed: 0,
    heldAtLastKill: 0,
    recoveryMs: 0,
    lastDeliveryMs: 0,
    slowestStartMs: 0,
    features: undefined,
    surprises: [],
    seconds: 0,
  };
}

const DELIVERED_MS = 5_000;
/** On SQLite the start itself takes every lease back; on PostgreSQL a lease ends with its owner's session. */
const RECOVERED_MS = { sqlite: 2_000, postgres: 5_000 } as const;

/** The promises that a report breaks; empty when all are kept. */
export function brokenPromises(report: KillLoopReport): readonly string[] {
  const judged: readonly (readonly [boolean, string])[] = [
    [report.accepted > 0, "nothing was accepted"],
    [report.heldAtLastKill > 0, "nothing was under way at the last kill"],
    [report.lost === 0, `${report.lost} accepted events are not stored`],
    [report.gaps === 0, `${report.gaps} gaps in the log`],
    [report.undelivered === 0, `${report.undelivered} accepted events were not delivered`],
    [report.deliveriesWrong === 0, `${report.deliveriesWrong} events without their one delivery`],
    [report.parked === 0, `${report.parked} events or jobs were set aside`],
    [
      report.duplicates <= report.duplicatesAllowed,
      `${report.duplicates} duplicates, ${report.duplicatesAllowed} allowed`,
    ],
    [
      report.recoveryMs <= RECOVERED_MS[report.database],
      `what was under way came again after ${report.recoveryMs} ms`,
    ],
    [
      report.lastDeliveryMs <= DELIVERED_MS,
      `the last delivery came ${report.lastDeliveryMs} ms after the last start`,
    ],
    [report.surprises.length === 0, `surprising answers: ${report.surprises.slice(0, 3).join()}`],
  ];
  const features =
    report.features === undefined ? ["no feature was tried"] : brokenFeatures(report.features);
  return [...judged.filter(([isKept]) => !isKept).map(([, text]) => text), ...features];
}
