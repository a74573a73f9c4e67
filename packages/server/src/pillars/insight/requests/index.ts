/**
 * Room of the request log: rows of answered requests, kept up to a budget, in `requests.db` or in memory.
 */
export { fileRows } from "./file-rows.ts";
export type { Followed } from "./followers.ts";
export { memoryRows } from "./memory-rows.ts";
export type { Retention } from "./messages.ts";
export { redactor } from "./redact.ts";
export { RequestLog } from "./request-log.ts";
export type {
  KeptBody,
  KeptDetails,
  PlacedRow,
  RequestFilters,
  RequestQuery,
  RequestRow,
  RequestRows,
} from "./request-row.ts";
export {
  DecisionView,
  RequestDetailView,
  RequestView,
  viewRequest,
  viewRequestDetail,
} from "./view.ts";
