/**
 * Insight: what was asked of the server, and how it was answered.
 *
 * Nouns: request log (rows of answered requests), budget (how many a second have a row), sample.
 * One request: the kernel or the gateway tells every `kernel.requestObservers@1` → the budget decides whether it has a
 * row (`budget.ts`) → it is pushed on an array (`request-log.ts`) → five times a second the array goes to a thread that
 * writes `requests.db` (`thread.ts`, `request-file.ts`); a server in memory keeps a ring (`memory-rows.ts`).
 * `GET /requests` and the thread of an event read from there. The log is outside the promise: a crash may lose its last
 * moments, and metrics, not rows, count everything. It emits nothing and needs nobody.
 */
export type { InsightFace } from "./capability.ts";
export { insight } from "./plugin.ts";
export type {
  Followed,
  PlacedRow,
  RequestFilters,
  RequestQuery,
  RequestRow,
} from "./requests/index.ts";
export type { InsightSettings } from "./settings.ts";
