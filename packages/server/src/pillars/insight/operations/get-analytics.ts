import { operation, toRfc3339 } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import type { Static } from "typebox";
import {
  dimensions,
  linesOf,
  metricNames,
  metrics,
  rangeOf,
  readRollups,
  RELATIVE_ERROR,
} from "../analytics/index.ts";
import type { Dimension, IntervalName, MetricName, RollupQuery } from "../analytics/index.ts";
import { Insight } from "../capability.ts";
import { scopeOf, ScopeQuery } from "../scope.ts";
import { settingsOf } from "../settings.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const names = dimensions.join("|");

const Filter = (description: string) => Type.Optional(Type.String({ description, maxLength: 512 }));
const Query = Type.Object({
  metric: Type.Optional(
    // One rule rather than a choice of many: a mistake is then told once.
    Type.Unsafe<MetricName>(
      Type.String({
        enum: [...metricNames],
        default: "requests",
        description:
          "requests, rate (a second), errors (answers from 500 on), errorRate, bytesIn, bytesOut; duration, gateway and upstream with .p50, .p95, .p99 or .mean, in ms.",
      }),
    ),
  ),
  by: Type.Optional(
    Type.String({
      pattern: `^(${names})(,(${names})){0,2}$`,
      description: "Up to three of api, operation, version, key, status; one line where left out.",
    }),
  ),
  from: Type.Optional(
    Type.String({ format: "date-time", description: "A day ago where left out." }),
  ),
  to: Type.Optional(Type.String({ format: "date-time", description: "Now where left out." })),
  interval: Type.Optional(
    Type.Union([Type.Literal("minute"), Type.Literal("hour"), Type.Literal("day")], {
      description: "Where left out, the finest that gives at most 180 points.",
    }),
  ),
  api: Filter("Only this API."),
  operation: Filter("Only this operation: `GET /shop/invoices/{id}`."),
  version: Filter("Only this version."),
  key: Filter("Only the key of this id."),
  status: Type.Optional(
    Type.String({ pattern: "^[1-5]xx$", description: "Only this class of status: 5xx." }),
  ),
  scope: ScopeQuery,
});

const Value = Type.Union([Type.Number(), Type.Null()]);
const Label = Type.Optional(Type.String());
const Line = Type.Object({
  labels: Type.Object({
    api: Label,
    operation: Label,
    version: Label,
    key: Label,
    status: Label,
  }),
  total: Type.Union([Type.Number(), Type.Null()], { description: "Over the whole range." }),
  requests: Type.Integer({ description: "How many it is told of." }),
  points: Type.Array(Type.Object({ at: Type.String({ format: "date-time" }), value: Value }), {
    description: "Intervals in which there were requests.",
  }),
});

/** `GET /analytics` */
export const getAnalytics: Operation = operation({
  id: "insight.analytics",
  method: "GET",
  path: "/analytics",
  summary: "Read analytics",
  description:
    "What was counted of all requests, also those without a row in the request log, of all processes. Quantiles lie within 1.6 % of the true value. The 50 groups with the most requests have a line each, all others one together.",
  access: "insight:read",
  mode: "read",
  query: Query,
  replies: {
    200: Type.Object({
      metric: Type.String(),
      unit: Type.String({ description: "requests, requests/s, share, bytes or ms." }),
      interval: Type.String(),
      from: Type.String({ format: "date-time" }),
      to: Type.String({ format: "date-time" }),
      scope: Type.String(),
      relativeError: Type.Number({ description: "Of quantiles; counts and means are exact." }),
      lines: Type.Array(Line),
    }),
  },
  errors: [
    "insight.badRange",
    "insight.tooManyPoints",
    "insight.notKept",
    "insight.tooMuch",
    "access.forbidden",
  ],
  example: { query: { metric: "duration.p95", by: "operation" } },
  handle: async ({ query, caller, ctx }) => {
    const scope = scopeOf(ctx, caller, query.scope);
    const name = query.metric ?? "requests";
    const asked = queryOf(query, ctx.clock.now());
    const range = rangeOf(asked);
    // So that what this process has counted a moment ago is told of as well.
    await ctx.get(Insight).flush();
    const retention = settingsOf(ctx).analytics;
    const groups = await readRollups(ctx, ctx.store.read(scope), { query: asked, retention });
    const { metric, by, interval } = asked;
    const seconds = (range.to - range.from) / 1_000;
    return {
      metric: name,
      unit: metric.unit,
      interval,
      from: toRfc3339(range.from),
      to: toRfc3339(range.to),
      scope: scope === "instance" ? "instance" : "organization",
      relativeError: RELATIVE_ERROR,
      lines: linesOf(groups, { metric, by, interval, seconds }),
    };
  },
});

function queryOf(query: Static<typeof Query>, now: number): RollupQuery {
  const to = query.to === undefined ? Math.floor(now) + 1 : Date.parse(query.to);
  const from = query.from === undefined ? to - DAY_MS : Date.parse(query.from);
  const { api, operation: wanted, version, key, status } = query;
  return {
    metric: metrics[query.metric ?? "requests"],
    // The pattern of the parameter holds these words only.
    by: [...new Set(query.by?.split(",") ?? [])] as Dimension[],
    from,
    to,
    interval: query.interval ?? intervalFor(to - from),
    filters: {
      ...(api === undefined ? {} : { api }),
      ...(wanted === undefined ? {} : { operation: wanted }),
      ...(version === undefined ? {} : { version }),
      ...(key === undefined ? {} : { key }),
      ...(status === undefined ? {} : { status }),
    },
  };
}

function intervalFor(lengthMs: number): IntervalName {
  if (lengthMs <= 3 * HOUR_MS) return "minute";
  return lengthMs <= 7.5 * DAY_MS ? "hour" : "day";
}
