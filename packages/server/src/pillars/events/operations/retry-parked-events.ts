import { Type } from "typebox";
import { operation } from "portico/kernel";

const HANDLED_MAX = 100;

/** `POST /events/parked/retry`: parked events are handled once more, each in a transaction of its own. */
export const retryParkedEvents = operation({
  id: "events.retryParked",
  method: "POST",
  path: "/events/parked/retry",
  summary: "Handle parked events again",
  description:
    "The first 100 that fit, in the order of the log; narrow them by `event`, `consumer` or `organization`. What fails " +
    "again stays parked with its newest error.",
  access: "events:operate",
  mode: "append",
  body: Type.Object(
    {
      event: Type.Optional(Type.String({ maxLength: 64 })),
      consumer: Type.Optional(Type.String({ maxLength: 128 })),
      organization: Type.Optional(Type.String({ maxLength: 64 })),
    },
    { additionalProperties: false },
  ),
  replies: { 200: Type.Object({ handled: Type.Integer(), failed: Type.Integer() }) },
  example: { body: { consumer: "webhooks.fanout" } },
  // Before the batch: each event has a transaction of its own, and the batch then notes in the audit that it was asked.
  prepare: ({ body, ctx }) => ctx.log.redrive({ ...body, limit: HANDLED_MAX }),
  handle: ({ prepared }) => prepared,
});
