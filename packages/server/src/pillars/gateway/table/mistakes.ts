/** A mistake, with the settings that were being looked at: an API's, a route's, an upstream's. */
interface Found {
  readonly detail: string;
  readonly at: object | undefined;
}

/** Collects mistakes while a table is built, so that all are told at once. */
export class Mistakes {
  readonly list: Found[] = [];
  /** What is being looked at. */
  at: object | undefined;

  /** `detail` is a sentence that names the API and the route. */
  push(detail: string): void {
    this.list.push({ detail, at: this.at });
  }
}
