import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../run.ts";

/** One place where a finding is accepted, why, and until when. */
export interface Exception {
  /** The rule, pattern or check that speaks. */
  readonly rule: string;
  /** File below the repository's folder, or name of a package; `@scope/*` for all of a scope. */
  readonly at: string;
  readonly reason: string;
  /** The last day it holds, `YYYY-MM-DD`. */
  readonly until: string;
}

/** Something a check has found. */
export interface Finding {
  readonly rule: string;
  readonly at: string;
  readonly told: string;
}

/** Reads `security/exceptions.json`. */
export function readExceptions(): Exception[] {
  return JSON.parse(readFileSync(join(root, "security/exceptions.json"), "utf8")) as Exception[];
}

/** What is wrong with the findings after the exceptions: those not excepted, as lines. */
export function judge(
  findings: readonly Finding[],
  exceptions: readonly Exception[],
  today: string,
): string[] {
  const holds = exceptions.filter(({ until }) => until >= today);
  return findings
    .filter(({ rule, at }) => !holds.some((one) => one.rule === rule && isAt(one, at)))
    .map(({ rule, told }) => `${rule}: ${told}`);
}

/** Exceptions that hold no longer, excuse nothing, or give no reason. */
export function staleExceptions(
  findings: readonly Finding[],
  exceptions: readonly Exception[],
  today: string,
): string[] {
  return exceptions.flatMap((one) => {
    const name = `the exception for ${one.rule} at ${one.at}`;
    if (!/^\d{4}-\d\d-\d\d$/.test(one.until)) return [`${name} has no end date`];
    if (one.reason.trim().length < 20) return [`${name} gives no reason`];
    if (one.until < today) return [`${name} ended on ${one.until}`];
    const isUsed = findings.some(({ rule, at }) => one.rule === rule && isAt(one, at));
    return isUsed ? [] : [`${name} excuses nothing; take it out`];
  });
}

function isAt(exception: Exception, at: string): boolean {
  const scope = /^(@[^/]+\/)\*$/.exec(exception.at)?.[1];
  return scope === undefined ? exception.at === at : at.startsWith(scope);
}
