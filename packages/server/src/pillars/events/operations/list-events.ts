import { Type } from "typebox";
import { operation } from "portico/kernel";
import type { LogQuery } from "portico/kernel";
import { positionAfter, sealPosition } from "../position.ts";
import { CLOUD_EVENTS, cloudEventBatch, writeCloudEvents } from "../cloud-events-out.ts";
import { raise } from "../errors.ts";
import { EventView, toView, TYPES_PATTERN } from "../view.ts";

const ONE_TYPE = TYPES_PATTERN.slice(1, -1);

/** `GET /events`: what is on an organization's log, newest first unless asked otherwise. */
export const listEvents = operation({
  id: "events.list",
  method: "GET",
  path: "/events",
  summary: "List events",
  description:
    "With `Accept: application/cloudevents-batch+json` a page is answered as a batch of CloudEvents 1.0, and the next " +
    "page is told by the header `Link`.",
  access: "events:read",
  mode: "read",
  query: Type.Object(
    {
      type: Type.Optional(
        Type.String({
          pattern: `^${ONE_TYPE}(?:,${ONE_TYPE}){0,19}$`,
          maxLength: 2_600,
          description:
            "Types, or beginnings with `*`, separated by commas: `invoice.*,order.paid`.",
        }),
      ),
      subject: Type.Optional(Type.String({ maxLength: 256 })),
      trace: Type.Optional(
        Type.String({ pattern: "^[0-9a-f]{32}$", description: "W3C trace id of a thread." }),
      ),
      channel: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
      since: Type.Optional(
        Type.String({ maxLength: 40, description: "Not before this time (RFC 3339)." }),
      ),
      until: Type.Optional(
        Type.String({ maxLength: 40, description: "Before this time (RFC 3339)." }),
      ),
      order: Type.Optional(Type.Union([Type.Literal("newest"), Type.Literal("oldest")])),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
      cursor: Type.Optional(Type.String()),
    },
    { additionalProperties: false },
  ),
  replyForms: [cloudEventBatch],
  replies: {
    200: Type.Object({
      data: Type.Array(EventView),
      next: Type.Union([Type.String(), Type.Null()]),
    }),
  },
  errors: ["events.badTime"],
  example: { query: { type: "invoice.*", limit: "10" }, after: ["events.publish"] },
  async handle({ query, caller, cursor, ctx }) {
    const { organization } = caller;
    const limit = query.limit ?? 50;
    const order = query.order ?? "newest";
    const position = positionAfter(cursor, organization, ctx);
    const events = await ctx.log.page({
      organization,
      order,
      limit: limit + 1,
      ...filtersOf(query),
      ...(position === undefined ? {} : { [order === "newest" ? "before" : "after"]: position }),
    });
    const page = events.slice(0, limit);
    const last = events.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map(toView),
      next: last === undefined ? null : cursor.next([sealPosition(last.seq, organization, ctx)]),
      [CLOUD_EVENTS]: () => `[${writeCloudEvents(page, ctx).join(",")}]`,
    };
  },
});

type Filters = Pick<LogQuery, "types" | "subject" | "trace" | "channel" | "since" | "until">;

function filtersOf(query: {
  readonly [name in "type" | "subject" | "trace" | "channel" | "since" | "until"]?: string;
}): Filters {
  const { type, subject, trace, channel, since, until } = query;
  return {
    ...(type === undefined ? {} : { types: type.split(",") }),
    ...(subject === undefined ? {} : { subject }),
    ...(trace === undefined ? {} : { trace }),
    ...(channel === undefined ? {} : { channel }),
    ...(since === undefined ? {} : { since: timeOf("since", since) }),
    ...(until === undefined ? {} : { until: timeOf("until", until) }),
  };
}

function timeOf(name: string, text: string): number {
  const isTimestamp = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/i;
  const time = isTimestamp.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw raise("events.badTime", { params: { name, got: text } });
  return time;
}
