import { Type } from "typebox";
import type { Static } from "typebox";

/** What an operator sets under `insight`. */
export const InsightSettings = Type.Object({
  rowsPerSecond: Type.Integer({
    default: 200,
    minimum: 0,
    maximum: 10_000,
    description:
      "Requests a second of which each has a row; beyond it refusals, failures, slow ones and a sample.",
  }),
  sampleOneIn: Type.Integer({
    default: 100,
    minimum: 1,
    description: "Beyond the budget, one in so many ordinary requests still has a row.",
  }),
  slowMs: Type.Integer({
    default: 1_000,
    minimum: 1,
    description: "From here on a request is slow.",
  }),
  troublesPerSubject: Type.Integer({
    default: 20,
    minimum: 1,
    description: "Beyond the budget, rows of refusals and failures of one caller in a second.",
  }),
  rowsMax: Type.Integer({
    default: 1_000_000,
    minimum: 1_000,
    description: "Rows kept; the oldest go first. A row takes about 400 bytes.",
  }),
});

/** The settings as the kernel has accepted them. */
export type InsightSettings = Static<typeof InsightSettings>;
