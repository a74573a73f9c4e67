import type { AnsweredRequest } from "portico/kernel";
import { Histogram } from "./histogram.ts";

/** Stands for every label that a minute had no room for. No path begins with a bracket and no id holds one. */
export const OTHER = "(other)";

/** What requests are counted by. */
export interface Labels {
  readonly organization: string;
  readonly api: string;
  /** Method and template. */
  readonly operation: string;
  /** Empty where there is none. */
  readonly version: string;
  readonly credential: string;
  /** First digit of the status. */
  readonly status: number;
}

/** The counts of one combination of labels in one minute. */
export class Series {
  readonly labels: Labels;
  count = 0;
  errors = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Sums in ms. */
  durationMs = 0;
  gatewayMs = 0;
  upstreamMs = 0;
  readonly durations = new Histogram();
  readonly gateways = new Histogram();
  readonly upstreams = new Histogram();
  /** `count` when it was last written. */
  written = 0;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  add(request: AnsweredRequest): void {
    const { durationMs, upstreamMs } = request;
    this.count += 1;
    if (request.status >= 500) this.errors += 1;
    this.bytesIn += request.bytesIn;
    this.bytesOut += request.bytesOut;
    this.durationMs += durationMs;
    this.durations.record(durationMs);
    if (upstreamMs === null) {
      this.gatewayMs += durationMs;
      this.gateways.record(durationMs);
      return;
    }
    const gatewayMs = Math.max(0, durationMs - upstreamMs);
    this.gatewayMs += gatewayMs;
    this.upstreamMs += upstreamMs;
    this.gateways.record(gatewayMs);
    this.upstreams.record(upstreamMs);
  }
}
