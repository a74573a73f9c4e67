/** Deliveries a second that stand in line by their time alone; what an organization makes beyond stands behind others. */
const PER_SECOND = 500;
const COST_MS = 1_000 / PER_SECOND;
const KEPT_MAX = 10_000;

/** How many ms behind its time the next delivery of an organization stands. */
export type Share = (organization: string, nowMs: number) => number;

/**
 * Fair queueing by start times: each delivery of an organization stands at least one cost behind its last. An organization
 * that makes a million at once stands in line with all of them, one after the other; what another makes meanwhile goes
 * ahead of those whose turn has not come. It says who goes first, and slows nobody down.
 */
export function fairShare(): Share {
  const nextAt = new Map<string, number>();
  return (organization, nowMs) => {
    const at = Math.max(nowMs, nextAt.get(organization) ?? 0);
    if (nextAt.size >= KEPT_MAX && !nextAt.has(organization)) forgetPast(nextAt, nowMs);
    nextAt.set(organization, at + COST_MS);
    return Math.floor(at - nowMs);
  };
}

/** Those whose time has passed stand as if they had never been here; the rest is let off rather than kept for ever. */
function forgetPast(nextAt: Map<string, number>, nowMs: number): void {
  for (const [organization, at] of nextAt) if (at <= nowMs) nextAt.delete(organization);
  if (nextAt.size >= KEPT_MAX) nextAt.clear();
}
