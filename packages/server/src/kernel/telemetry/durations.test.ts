import { Histogram, Registry } from "prom-client";
import { expect, it } from "vitest";
import { Durations } from "./durations.ts";

const buckets = [0.005, 0.1, 1];
const seen = [0, 0.005, 0.0051, 0.1, 0.99, 1, 1.01, 3_600];

it.each([[["route", "status"]], [[]]])(
  "writes to the letter what prom-client's histogram writes, with the labels %j",
  async (labelNames) => {
    const words = { name: "calls_seconds", help: "How long calls took", labelNames, buckets };
    const [ours, theirs] = [new Registry(), new Registry()];
    const durations = new Durations(words);
    ours.registerMetric(durations);
    const histogram = new Histogram({ ...words, registers: [theirs] });
    expect(await ours.metrics()).toBe(await theirs.metrics());
    for (const [index, seconds] of seen.entries()) {
      const all = { route: `/a"\\${index % 3}`, status: index % 2 === 0 ? "200" : "404" };
      const labels = labelNames.length === 0 ? {} : all;
      durations.count(seconds, labels);
      histogram.observe({ ...labels }, seconds);
    }
    expect(await ours.metrics()).toBe(await theirs.metrics());
    expect(await ours.metrics()).toContain("calls_seconds_count");
    expect(await histogram.get()).toMatchObject(await durations.get());
  },
);
