import { Type } from "typebox";
import type { Static } from "typebox";
import { toRfc3339 } from "portico/kernel";
import type { LogEvent } from "portico/kernel";
import { viewData } from "./data.ts";

/** Form of a type that may be published. */
export const TYPE_PATTERN = "^[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*$";

/** A type, or a beginning of types. */
export const TYPES_PATTERN = "^(?:\\*|[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*(?:\\.\\*)?)$";

/** Attributes of a CloudEvent beside those that an event has itself. */
const Attributes = Type.Record(
  Type.String({ pattern: "^[a-z0-9]{1,20}$" }),
  Type.Union([Type.String({ minLength: 1, maxLength: 1_024 }), Type.Integer(), Type.Boolean()]),
  {
    maxProperties: 20,
    description:
      "`id`, `source`, `time`, `dataschema` and extensions of a CloudEvent, which go out with it again.",
  },
);

/** What a host application says of one event. */
export const NewEvent = Type.Object(
  {
    type: Type.String({
      pattern: TYPE_PATTERN,
      maxLength: 128,
      description: "Words separated by dots: `invoice.paid`.",
    }),
    data: Type.Optional(
      Type.Unknown({ description: "Any JSON value; kept and delivered byte for byte." }),
    ),
    dataBase64: Type.Optional(
      Type.String({
        pattern: "^[A-Za-z0-9+/]*={0,2}$",
        maxLength: 400_000,
        description: "Instead of `data`: bytes that are not JSON.",
      }),
    ),
    contentType: Type.Optional(
      Type.String({
        pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:;[\\x20-\\x7e]*)?$",
        maxLength: 200,
        description: "Media type of the data; `application/json` when left out.",
      }),
    ),
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
    idempotencyKey: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        description: "Names this event in the organization: sent again, it is not stored again.",
      }),
    ),
    attributes: Type.Optional(Attributes),
  },
  { additionalProperties: false },
);

/** One event of a publication. */
export type NewEvent = Static<typeof NewEvent>;

/** Where data does not fit its schema. */
export const Warning = Type.Object({
  pointer: Type.String({ description: "JSON pointer into the body." }),
  detail: Type.String(),
});

/** The answer to what was accepted: it is stored, and its consequences follow. */
export const Accepted = Type.Object({
  id: Type.String(),
  status: Type.Literal("accepted"),
  warnings: Type.Optional(
    Type.Array(Warning, { description: "Where the data does not fit the schema of its type." }),
  ),
});

/** One event as callers see it. */
export const EventView = Type.Object({
  id: Type.String(),
  type: Type.String(),
  subject: Type.Union([Type.String(), Type.Null()]),
  key: Type.Union([Type.String(), Type.Null()]),
  channels: Type.Array(Type.String()),
  data: Type.Unknown(),
  contentType: Type.String(),
  attributes: Type.Optional(Attributes),
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
    ...(event.attributes === undefined ? {} : { attributes: { ...event.attributes } }),
    at: toRfc3339(event.at),
    actor: event.actor,
    cause: event.cause,
    trace: event.trace,
  };
}
