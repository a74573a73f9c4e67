import { operation, raiseAccess, Statistics, toRfc3339 } from "portico/kernel";
import type {
  Caller,
  Contributed,
  Operation,
  PluginContext,
  Scope,
  Statistic,
} from "portico/kernel";
import { Type } from "typebox";
import { intoBuckets, rangeOf } from "../range.ts";
import type { Range } from "../range.ts";

const Time = Type.String({ format: "date-time" });
const Series = Type.Object({
  id: Type.String({ description: "The plugin, then what it counts: `keys.created`." }),
  label: Type.String(),
  unit: Type.String(),
  total: Type.Integer({ description: "Over the whole range." }),
  counts: Type.Array(Type.Integer(), { description: "One for each bucket; zero where none." }),
  since: Type.Union([Time, Type.Null()], {
    description: "Before this time only what has not been deleted yet is counted; null: all is.",
  }),
});

/** `GET /admin/stats` */
export const getStats: Operation = operation({
  id: "admin.stats",
  method: "GET",
  path: "/admin/stats",
  summary: "Read statistics",
  description:
    "What each part of the server has counted, side by side, in buckets of UTC. Callers with `admin:read` see the whole installation, all others their organization's part.",
  access: "stats:read",
  mode: "read",
  limits: ["60/min"],
  query: Type.Object({
    from: Type.Optional(
      Type.String({
        format: "date-time",
        description: "A day, 30 days or a year ago where left out, by the interval.",
      }),
    ),
    to: Type.Optional(Type.String({ format: "date-time", description: "Now where left out." })),
    interval: Type.Optional(
      Type.Union([Type.Literal("hour"), Type.Literal("day"), Type.Literal("month")], {
        default: "day",
        description: "At most 744 hours, 366 days or 120 months are answered.",
      }),
    ),
    scope: Type.Optional(
      Type.Union([Type.Literal("organization"), Type.Literal("instance")], {
        description:
          "`instance` is for callers with `admin:read`, and theirs where left out; else the organization.",
      }),
    ),
  }),
  replies: {
    200: Type.Object({
      scope: Type.String(),
      interval: Type.String(),
      from: Time,
      to: Time,
      buckets: Type.Array(Time, { description: "When each bucket begins." }),
      series: Type.Array(Series),
      unavailable: Type.Array(Type.String(), {
        description: "Ids of what would cost too much over this range: take a shorter one.",
      }),
    }),
  },
  errors: ["admin.badRange", "admin.tooManyBuckets", "access.forbidden"],
  example: { query: { interval: "hour" } },
  handle: async ({ query, caller, ctx }) => {
    const scope = scopeOf(ctx, caller, query.scope);
    const asked = {
      interval: query.interval ?? ("day" as const),
      from: at(query.from),
      to: at(query.to),
    };
    const range = rangeOf(asked, Math.floor(ctx.clock.now()));
    const series: Record<string, unknown>[] = [];
    const unavailable: string[] = [];
    // One after the other: an overview must not take the database from those who work with it.
    for (const statistic of ctx.contributions(Statistics)) {
      const line = await lineOf(statistic, scope, range);
      if (line === undefined) unavailable.push(statistic.value.id);
      else series.push(line);
    }
    return {
      scope: scope === "instance" ? "instance" : "organization",
      interval: range.interval,
      from: toRfc3339(range.from),
      to: toRfc3339(range.to),
      buckets: range.starts.map(toRfc3339),
      series,
      unavailable,
    };
  },
});

function at(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}

/** Whose rows are counted. Throws `access.forbidden` for those of all where the caller may not see them. */
function scopeOf(ctx: PluginContext, caller: Caller, asked: string | undefined): Scope {
  const mayAll = ctx.access.can(caller, "admin:read").allowed;
  if (asked === "instance" && !mayAll) {
    throw raiseAccess("access.forbidden", { params: { permission: "admin:read" } });
  }
  const isAll = asked === "instance" || (asked === undefined && mayAll);
  return isAll ? "instance" : { organization: caller.organization };
}

async function lineOf(
  { value, ctx }: Contributed<Statistic>,
  scope: Scope,
  range: Range,
): Promise<Record<string, unknown> | undefined> {
  const { from, to, spanMs } = range;
  const counted = await value.count({ scope, from, to, spanMs }, ctx);
  if (counted === undefined) return undefined;
  const counts = intoBuckets(range, counted.buckets);
  const { since } = counted;
  return {
    id: value.id,
    label: value.label,
    unit: value.unit,
    total: counts.reduce((sum, count) => sum + count, 0),
    counts,
    since: since === undefined || since <= from ? null : toRfc3339(since),
  };
}
