interface Place {
  readonly row: number;
  readonly column: number;
}

function isSwap(left: string, right: string, { row, column }: Place): boolean {
  return (
    row > 1 &&
    column > 1 &&
    left.charAt(row - 1) === right.charAt(column - 2) &&
    left.charAt(row - 2) === right.charAt(column - 1)
  );
}

/** Damerau–Levenshtein: two letters the wrong way round are one slip, not two. */
function distance(left: string, right: string): number {
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, index) => index)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Infinity;
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    rows.push(current);
    for (let column = 1; column <= right.length; column += 1) {
      const isSame = left.charAt(row - 1) === right.charAt(column - 1);
      const substituted = at(row - 1, column - 1) + (isSame ? 0 : 1);
      const swapped = isSwap(left, right, { row, column }) ? at(row - 2, column - 2) + 1 : Infinity;
      current.push(
        Math.min(substituted, swapped, at(row, column - 1) + 1, at(row - 1, column) + 1),
      );
    }
  }
  return at(left.length, right.length);
}

/** The candidate that was probably meant (at most a third of the word differs), or undefined. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const steps = distance(word.toLowerCase(), candidate.toLowerCase());
    if (steps < bestDistance) [best, bestDistance] = [candidate, steps];
  }
  return best;
}
