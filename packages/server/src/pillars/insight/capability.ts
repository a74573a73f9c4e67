import { capability } from "portico/kernel";
import type { Capability } from "portico/kernel";
import type { Followed, PlacedRow, RequestFilters, RequestQuery } from "./requests/index.ts";

/** What insight offers other plugins: the request log of this process, and the moment when counts are in the store. */
export interface InsightFace {
  /** Rows, newest first: of one organization, or of all where none is named. */
  requests(query: RequestQuery): Promise<readonly PlacedRow[]>;
  /** Rows as they are kept from now on, until the signal. */
  follow(filters: RequestFilters, signal: AbortSignal): AsyncIterable<Followed>;
  /** Settles once everything counted and every failure before the call is in the store, as far as it takes them. */
  flush(): Promise<void>;
}

/** `insight@1` */
export const Insight: Capability<InsightFace> = capability<InsightFace>("insight@1");
