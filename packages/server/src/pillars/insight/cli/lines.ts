import { toRfc3339 } from "portico/kernel";
import type { RequestDecision } from "portico/kernel";
import type { RequestRow } from "../requests/index.ts";

/** One request on one line. What a caller sent is shown without what could steer a terminal. */
export function lineOf(row: RequestRow): string {
  const { at, status, method, path, durationMs, upstreamMs, code, id } = row;
  const time = toRfc3339(at).slice(11, 23);
  const upstream = upstreamMs === null ? "" : ` (upstream ${upstreamMs.toFixed(1)})`;
  const took = `${durationMs.toFixed(1)} ms${upstream}`;
  const who = row.credentialName ?? row.subject;
  const parts = [time, String(status), method.padEnd(6), path, took, who, code ?? "", id];
  return plain(parts.filter((part) => part !== "").join("  "));
}

/** Decisions, each on a line of its own. */
export function decisionLines(decisions: readonly RequestDecision[]): readonly string[] {
  const width = Math.max(0, ...decisions.map(({ step }) => step.length));
  return decisions.map(({ step, outcome, facts }) => {
    const shown = Object.entries(facts)
      .filter(([, value]) => value !== null)
      .map(
        ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
      );
    return plain(`  ${step.padEnd(width)}  ${[outcome, ...shown].join("  ")}`);
  });
}

/** Without control characters, which could move the cursor or colour the screen. */
export function plain(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, "�");
}
