import { Counter, Gauge, Registry, collectDefaultMetrics } from "prom-client";
import type { Meter } from "../contract/index.ts";
import { Durations } from "./durations.ts";

// OpenTelemetry's advice for http.server.request.duration, in seconds.
const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const STANDARD_NAME = /^(http_server|http_client)_/;

/** What a meter is told at the start. */
export interface MeterOptions {
  readonly version: string;
  /** `process_*` and `nodejs_*` metrics beside our own. */
  readonly process?: boolean;
}

/** A meter with what it has counted. */
export interface ServerMeter extends Meter {
  /** The text of `GET /metrics`. */
  metricsText(): Promise<string>;
  /** Its media type: `text/plain; version=0.0.4; charset=utf-8`. */
  readonly contentType: string;
}

/** Names that OpenTelemetry fixed keep them; all others are ours. */
function fullName(name: string): string {
  return STANDARD_NAME.test(name) || name.startsWith("portico_") ? name : `portico_${name}`;
}

function buildInfo(registry: Registry, version: string): void {
  const name = "portico_build_info";
  const help = "Always 1; the labels say what runs";
  const gauge = new Gauge({ name, help, labelNames: ["version", "node"], registers: [registry] });
  gauge.set({ version, node: process.versions.node }, 1);
}

function oncePerName<TMetric>(make: (name: string, rest: MetricWords) => TMetric) {
  const made = new Map<string, TMetric>();
  return (name: string, help: string, labels: readonly string[] = []): TMetric => {
    const metric = made.get(name) ?? make(fullName(name), { help, labelNames: [...labels] });
    made.set(name, metric);
    return metric;
  };
}

interface MetricWords {
  readonly help: string;
  readonly labelNames: string[];
}

/**
 * Makes a meter with a registry of its own, so that two servers in one process do not count together. Asking twice for
 * one name gives the same metric; names get the prefix `portico_` unless OpenTelemetry fixed them (`http_server_…`).
 *
 * @example
 * const meter = createMeter({ version: "0.1.0" });
 * const sent = meter.counter("webhook_attempts_total", "Attempts to deliver", ["outcome"]);
 * sent.add(1, { outcome: "delivered" });
 */
export function createMeter(options: MeterOptions): ServerMeter {
  const registry = new Registry();
  const registers = [registry];
  buildInfo(registry, options.version);
  if (options.process === true) collectDefaultMetrics({ register: registry });
  const gauges = new Map<string, () => number>();
  return {
    counter: oncePerName((name, words) => {
      const counter = new Counter({ name, ...words, registers });
      return { add: (amount, labels = {}) => counter.inc({ ...labels }, amount) };
    }),
    histogram: oncePerName((name, words) => {
      const histogram = new Durations({ name, ...words, buckets: BUCKETS_SECONDS });
      registry.registerMetric(histogram);
      return { observe: (seconds, labels = {}) => histogram.count(seconds, labels) };
    }),
    gauge: (name, help, read) => {
      const isNew = !gauges.has(name);
      gauges.set(name, read);
      if (!isNew) return;
      const collect = function collect(this: Gauge): void {
        this.set(gauges.get(name)?.() ?? 0);
      };
      // Registered by being made; prom-client calls `collect` at every scrape.
      registry.registerMetric(new Gauge({ name: fullName(name), help, registers: [], collect }));
    },
    metricsText: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
