import { Type } from "typebox";
import type { Static } from "typebox";
import { toRfc3339 } from "portico/kernel";
import type { LogEvent } from "portico/kernel";
import { viewData } from "./data.ts";

const TYPE_PATTERN = "^[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*$";

/** What a host application says of one event. */
export const NewEvent = Type.Object(
  {
    type: Type.String({
      pattern: TYPE_PATTERN,
      maxLength: 128,
      description: "Words separated by dots: `invoice.paid`.",
    }),
    data: Type.Unknown({ description: "Any JSON value; kept and delivered byte for byte." }),
    subject: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, description: "What it is about: an id." }),
    ),
    key: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: "Events of one key have an order.",
      }),
    ),
    channels: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 10 }),
    ),
  },
  { additionalProperties: false },
);

/** One event of a publication. */
export type NewEvent = Static<typeof NewEvent>;

/** The answer to what was accepted: it is stored, and its consequences follow. */
export const Accepted = Type.Object({ id: Type.String(), status: Type.Literal("accepted") });

/** One event as callers see it. */
export const EventView = Type.Object({
  id: Type.String(),
  type: Type.String(),
  subject: Type.Union([Type.String(), Type.Null()]),
  key: Type.Union([Type.String(), Type.Null()]),
  channels: Type.Array(Type.String()),
  data: Type.Unknown(),
  contentType: Type.String(),
  at: Type.String({ format: "date-time" }),
  actor: Type.String({ description: "Who caused it." }),
  cause: Type.String({ description: "Id of the request, event, job or run that led to it." }),
  trace: Type.String({ description: "W3C trace id of its thread." }),
});

/** One row of the log in the form callers see. The position in the log is not part of it (design §6). */
export function toView(event: LogEvent): Static<typeof EventView> {
  return {
    id: event.id,
    type: event.type,
    subject: event.subject,
    key: event.key,
    channels: [...event.channels],
    data: viewData(event.data, event.contentType),
    contentType: event.contentType,
    at: toRfc3339(event.at),
    actor: event.actor,
    cause: event.cause,
    trace: event.trace,
  };
}
