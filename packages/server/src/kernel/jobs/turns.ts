/** Most organizations that one claim takes jobs of. */
export const ORGANIZATIONS_MAX = 16;

/** What one organization is given of the free slots. */
export interface Share {
  readonly organization: string;
  readonly limit: number;
}

/**
 * Whose turn it is. Free slots are shared out evenly among the organizations that have something ready, in a round that
 * goes on where the last claim ended, so that one of them with a hundred thousand jobs delays the others' no more than
 * one with two. What an organization does not take of its share is shared out by the next claim.
 */
export class Turns {
  /** The round goes on with the organizations after this one. */
  after = "";

  /**
   * `listed` are the first organizations after `after` that have something ready, as far as ORGANIZATIONS_MAX; `others`
   * may have something by now. Moves the round on. The first share is the largest.
   */
  share(listed: readonly string[], others: Iterable<string>, free: number): readonly Share[] {
    const all = [...new Set([...listed, ...others])];
    const served = all.slice(0, free);
    const reachedEnd = served.length >= listed.length && listed.length < ORGANIZATIONS_MAX;
    this.after = reachedEnd ? "" : (served.slice(0, listed.length).at(-1) ?? this.after);
    const base = Math.floor(free / Math.max(1, served.length));
    const rest = free - base * served.length;
    return served.map((organization, index) => ({
      organization,
      limit: base + (index < rest ? 1 : 0),
    }));
  }
}
