import type { RollupRow } from "../tables.ts";
import { Histogram } from "./histogram.ts";

/** Which of a row's histograms: all of the time, what the gateway took, what the upstream took. */
export type Part = "durations" | "gateways" | "upstreams";

/** The columns that are numbers and add up. */
export type Totals = Pick<
  RollupRow,
  "count" | "errors" | "bytes_in" | "bytes_out" | "duration_us" | "gateway_us" | "upstream_us"
>;

/** Sums of rows. Histograms are only made where rows bring them. */
export class Sum {
  count = 0;
  errors = 0;
  bytesIn = 0;
  bytesOut = 0;
  durationUs = 0;
  gatewayUs = 0;
  upstreamUs = 0;
  readonly histograms: Partial<Record<Part, Histogram>> = {};

  add(row: Totals & Partial<Pick<RollupRow, Part>>): void {
    this.count += row.count;
    this.errors += row.errors;
    this.bytesIn += row.bytes_in;
    this.bytesOut += row.bytes_out;
    this.durationUs += row.duration_us;
    this.gatewayUs += row.gateway_us;
    this.upstreamUs += row.upstream_us;
    if (row.durations !== undefined) this.#of("durations").mergeEncoded(row.durations);
    if (row.gateways !== undefined) this.#of("gateways").mergeEncoded(row.gateways);
    if (row.upstreams !== undefined) this.#of("upstreams").mergeEncoded(row.upstreams);
  }

  /** Adds another sum, for the line of what had no line of its own. */
  merge(other: Sum): void {
    this.count += other.count;
    this.errors += other.errors;
    this.bytesIn += other.bytesIn;
    this.bytesOut += other.bytesOut;
    this.durationUs += other.durationUs;
    this.gatewayUs += other.gatewayUs;
    this.upstreamUs += other.upstreamUs;
    for (const part of ["durations", "gateways", "upstreams"] as const) {
      const theirs = other.histograms[part];
      if (theirs !== undefined) this.#of(part).merge(theirs);
    }
  }

  encoded(part: Part): Uint8Array {
    return this.#of(part).encode();
  }

  #of(part: Part): Histogram {
    return (this.histograms[part] ??= new Histogram());
  }
}
