/** Where mistakes are noted; a list of texts is one. */
export interface MistakeList {
  push(...details: string[]): unknown;
}

/** A mistake, with the settings that were being looked at: an API's, a route's, an upstream's. */
interface Found {
  readonly detail: string;
  readonly at: object | undefined;
}

/** Collects mistakes while a table is built, so that all are told at once. */
export class Mistakes implements MistakeList {
  readonly list: Found[] = [];
  readonly #told = new Set<string>();
  /** What is being looked at. */
  at: object | undefined;
  /** How often something was noted, what was told before included. */
  noted = 0;

  /** Sentences that name the API and the route. A route of many versions is wrong in each of them: told once. */
  push(...details: string[]): void {
    this.noted += details.length;
    for (const detail of details) {
      if (this.#told.has(detail)) continue;
      this.#told.add(detail);
      this.list.push({ detail, at: this.at });
    }
  }
}
