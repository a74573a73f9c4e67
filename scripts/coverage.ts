// What the last run of all tests reached of the operations, judged for `npm run check`.
import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.ts";

/** Of lines, of branches, and of the refusals that are derived of declarations. */
const PERCENT_MIN = 90;
const OPERATIONS = "packages/server/src/pillars/*/operations/**/*.ts";
const SUMMARY = "dist/coverage/operations/coverage-summary.json";
const REFUSALS = "dist/coverage/refusals.json";

/** The part of the summary that is judged. */
interface Summary {
  readonly total: {
    readonly lines: { readonly pct: number };
    readonly branches: { readonly pct: number };
  };
}

interface Refusals {
  readonly derived: number;
  readonly exercised: number;
}

/** How it stands; `unknown` when it was not measured since the operations were changed. */
export interface CoverageVerdict {
  readonly verdict: "passed" | "failed" | "unknown";
  readonly text: string;
}

function read(path: string): unknown {
  try {
    return JSON.parse(readFileSync(join(root, path), "utf8"));
  } catch {
    // Not measured yet.
    return undefined;
  }
}

function isOlderThanSources(path: string): boolean {
  const measuredAt = statSync(join(root, path)).mtimeMs;
  return globSync(OPERATIONS, { cwd: root })
    .filter((file) => !file.includes(".test."))
    .some((file) => statSync(join(root, file)).mtimeMs > measuredAt);
}

/** Judges what `npm test` has left; measuring takes as long as the tests, which `npm run check` has not. */
export function judgeCoverage(): CoverageVerdict {
  const summary = read(SUMMARY) as Summary | undefined;
  const refusals = read(REFUSALS) as Refusals | undefined;
  if (summary === undefined || refusals === undefined) {
    return { verdict: "unknown", text: "not measured yet: npm test measures it" };
  }
  if (isOlderThanSources(SUMMARY)) {
    return { verdict: "unknown", text: "operations have changed since: npm test measures it anew" };
  }
  const { lines, branches } = summary.total;
  const share = (refusals.exercised / refusals.derived) * 100;
  const measured = [
    ["lines", lines.pct],
    ["branches", branches.pct],
    [`of ${refusals.derived} derived refusals`, share],
  ] as const;
  const text = measured.map(([name, percent]) => `${percent.toFixed(1)} % ${name}`).join(", ");
  const isEnough = measured.every(([, percent]) => percent >= PERCENT_MIN);
  return { verdict: isEnough ? "passed" : "failed", text };
}
