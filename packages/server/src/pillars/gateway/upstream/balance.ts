/** How calls are spread over the targets of a group. */
export type Balance = "roundRobin" | "weighted" | "leastConnections";

/** What a choice looks at. */
export interface Choice {
  readonly weight: number;
  /** Calls under way. */
  readonly inFlight: number;
  /** What a target is owed by the turns it did not get; kept by `pick`. */
  credit: number;
}

/** Picks the next of the targets that may be called; undefined when there is none. */
export function pick<TChoice extends Choice>(
  balance: Balance,
  targets: readonly TChoice[],
): TChoice | undefined {
  return balance === "leastConnections" ? leastBusy(targets) : smooth(balance, targets);
}

/**
 * Smooth weighted round robin: each turn every target gains its weight, the richest is called and pays what all gained.
 * Weights 5, 1, 1 give a a b a c a a, not a a a a a b c. With equal weights it is plain round robin.
 */
function smooth<TChoice extends Choice>(
  balance: Balance,
  targets: readonly TChoice[],
): TChoice | undefined {
  let best: TChoice | undefined;
  let total = 0;
  for (const target of targets) {
    const weight = balance === "weighted" ? target.weight : 1;
    total += weight;
    target.credit += weight;
    if (best === undefined || target.credit > best.credit) best = target;
  }
  if (best !== undefined) best.credit -= total;
  return best;
}

/** The fewest calls for its weight; equals take turns. */
function leastBusy<TChoice extends Choice>(targets: readonly TChoice[]): TChoice | undefined {
  let least = Number.POSITIVE_INFINITY;
  for (const { inFlight, weight } of targets) least = Math.min(least, inFlight / weight);
  return smooth(
    "weighted",
    targets.filter(({ inFlight, weight }) => inFlight / weight === least),
  );
}
