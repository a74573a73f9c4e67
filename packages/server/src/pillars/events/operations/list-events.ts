import { Type } from "typebox";
import { operation } from "portico/kernel";
import { positionAfter, sealPosition } from "../position.ts";
import { EventView, toView } from "../view.ts";

/** `GET /events`: what is on an organization's log, newest first unless asked otherwise. */
export const listEvents = operation({
  id: "events.list",
  method: "GET",
  path: "/events",
  summary: "List events",
  access: "events:read",
  mode: "read",
  query: Type.Object(
    {
      type: Type.Optional(
        Type.String({
          pattern: "^(?:\\*|[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*(?:\\.\\*)?)$",
          maxLength: 128,
          description: "A type, or a beginning with `*`: `invoice.*`.",
        }),
      ),
      subject: Type.Optional(Type.String({ maxLength: 256 })),
      order: Type.Optional(Type.Union([Type.Literal("newest"), Type.Literal("oldest")])),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
      cursor: Type.Optional(Type.String()),
    },
    { additionalProperties: false },
  ),
  replies: {
    200: Type.Object({
      data: Type.Array(EventView),
      next: Type.Union([Type.String(), Type.Null()]),
    }),
  },
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
      ...(query.type === undefined ? {} : { types: [query.type] }),
      ...(query.subject === undefined ? {} : { subject: query.subject }),
      ...(position === undefined ? {} : { [order === "newest" ? "before" : "after"]: position }),
    });
    const page = events.slice(0, limit);
    const last = events.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map(toView),
      next: last === undefined ? null : cursor.next([sealPosition(last.seq, organization, ctx)]),
    };
  },
});
