import type { PluginContext } from "portico/kernel";
import { Type } from "typebox";
import type { Static } from "typebox";

const Bodies = Type.Object(
  {
    oneIn: Type.Integer({
      default: 0,
      minimum: 0,
      description: "One in so many fronted calls has its bodies kept, when it gets a row; 0: none.",
    }),
    bytesMax: Type.Integer({
      default: 4_096,
      minimum: 1,
      maximum: 65_536,
      description: "Bytes kept of each body. JSON that is longer is not shown.",
    }),
  },
  { default: {} },
);

const Analytics = Type.Object(
  {
    flushMs: Type.Integer({
      default: 10_000,
      minimum: 100,
      maximum: 60_000,
      description: "How often counts are written; a crash loses the last of them.",
    }),
    seriesMax: Type.Integer({
      default: 1_000,
      minimum: 10,
      maximum: 20_000,
      description:
        "Combinations of labels a minute and process; beyond it keys, then operations, are counted as `(other)`.",
    }),
    minuteHours: Type.Integer({
      reload: true,
      default: 48,
      minimum: 3,
      description: "Hours for which counts by the minute are kept.",
    }),
    hourDays: Type.Integer({
      reload: true,
      default: 90,
      minimum: 3,
      description: "Days for which counts by the hour are kept.",
    }),
    dayDays: Type.Integer({
      reload: true,
      default: 1_100,
      minimum: 3,
      description: "Days for which counts by the day are kept.",
    }),
  },
  { default: {} },
);

const Errors = Type.Object(
  {
    days: Type.Integer({
      reload: true,
      default: 90,
      minimum: 1,
      description: "Days after its last occurrence for which an error is kept.",
    }),
    groupsMax: Type.Integer({
      reload: true,
      default: 2_000,
      minimum: 10,
      description: "Errors kept of one organization; those that happened longest ago go first.",
    }),
  },
  { default: {} },
);

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
    description: "Rows kept; the oldest go first. A row takes about 2 KB.",
  }),
  bytesMax: Type.Integer({
    default: 2_147_483_648,
    minimum: 1_048_576,
    description: "Bytes that `requests.db` may use for rows; the oldest go first.",
  }),
  rowDays: Type.Integer({
    default: 30,
    minimum: 1,
    description: "Days for which a row is kept.",
  }),
  hiddenHeaders: Type.Array(Type.String(), {
    default: [],
    description: "Headers whose values are never kept, besides those known to carry credentials.",
  }),
  hiddenFields: Type.Array(Type.String(), {
    default: [],
    description:
      "Fields of bodies and parameters of queries whose values are never kept, besides those known to carry secrets.",
  }),
  bodies: Bodies,
  analytics: Analytics,
  errors: Errors,
});

/** The settings as the kernel has accepted them. */
export type InsightSettings = Static<typeof InsightSettings>;

/** The pillar's settings from a context. */
export function settingsOf(ctx: PluginContext): InsightSettings {
  // Every context of this plugin carries what its own schema accepted.
  return ctx.settings as InsightSettings;
}
