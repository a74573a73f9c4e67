import { Type } from "typebox";
import { listOf, operation, pageQuery, toRfc3339 } from "portico/kernel";

const ParkedView = Type.Object({
  event: Type.String({ description: "The event's id." }),
  type: Type.String(),
  organization: Type.String(),
  consumer: Type.String({ description: "The part of the server that could not handle it." }),
  error: Type.String({ description: "What the last failure said." }),
  failures: Type.Integer(),
  parkedAt: Type.String({ format: "date-time" }),
});

/** `GET /events/parked`: what consumers of the log could not handle, of every organization. */
export const listParkedEvents = operation({
  id: "events.listParked",
  method: "GET",
  path: "/events/parked",
  summary: "List events that a part of the server could not handle",
  description:
    "An event that fails five times within a minute is set aside, and its consumer goes on. It is kept until it is handled.",
  access: "events:operate",
  mode: "read",
  query: Type.Object(
    {
      consumer: Type.Optional(Type.String({ maxLength: 128 })),
      organization: Type.Optional(Type.String({ maxLength: 64 })),
      ...pageQuery,
    },
    { additionalProperties: false },
  ),
  replies: { 200: listOf(ParkedView) },
  example: { query: { limit: "20" } },
  async handle({ query, cursor, ctx }) {
    const limit = query.limit ?? 50;
    const { consumer, organization } = query;
    const [seq, after] = cursor.after ?? [];
    const found = await ctx.log.parked({
      limit: limit + 1,
      ...(consumer === undefined ? {} : { consumer }),
      ...(organization === undefined ? {} : { organization }),
      ...(seq === undefined ? {} : { after: { seq: Number(seq), consumer: String(after) } }),
    });
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map(({ parkedAt, seq: _seq, ...parked }) => ({
        ...parked,
        parkedAt: toRfc3339(parkedAt),
      })),
      next: last === undefined ? null : cursor.next([last.seq, last.consumer]),
    };
  },
});
