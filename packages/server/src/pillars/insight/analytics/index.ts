/**
 * Room of the analytics: requests are counted in memory, written as minutes, and put together to hours and days.
 */
export { linesOf } from "./answer.ts";
export { compactRollups } from "./compact.ts";
export { Counter } from "./counter.ts";
export { RELATIVE_ERROR } from "./histogram.ts";
export { countRollups } from "./statistic.ts";
export { metricNames, metrics } from "./metrics.ts";
export type { MetricName } from "./metrics.ts";
export { dimensions, rangeOf, readRollups } from "./query.ts";
export type { Dimension, IntervalName, RollupQuery } from "./query.ts";
export { minuteWriter } from "./write.ts";
