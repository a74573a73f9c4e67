import { capability } from "portico/kernel";
import type { Capability } from "portico/kernel";
import type { PlacedRow, RequestQuery } from "./request-row.ts";

/** What insight offers other plugins: the request log. */
export interface InsightFace {
  /** Rows of one organization, newest first. */
  requests(query: RequestQuery): Promise<readonly PlacedRow[]>;
}

/** `insight@1` */
export const Insight: Capability<InsightFace> = capability<InsightFace>("insight@1");
