import { Type } from "typebox";
import { operation } from "portico/kernel";
import { acceptEvent, prepareEvents } from "../accept-event.ts";
import { batchForm } from "../cloud-events-in.ts";
import { keptMsOf } from "../event-keys.ts";
import { elementsBytes, memberBytes } from "../exact.ts";
import { NewEvent, Warning } from "../view.ts";

const WARNINGS_MAX = 100;

/** `POST /events/batch`: up to 1,000 events in one transaction, all of them or none. */
export const publishEvents = operation({
  id: "events.publishBatch",
  method: "POST",
  path: "/events/batch",
  summary: "Publish up to 1,000 events",
  description:
    "Stores all events in one transaction, in the order of the list, or none of them. The ids are answered in the " +
    "same order. An event whose `idempotencyKey` was sent before is not stored again: its first id is answered. A batch " +
    "of CloudEvents 1.0 is taken as well.",
  access: "events:write",
  mode: "append",
  idempotent: { within: "organization", keptMs: keptMsOf, kept: "`events.idempotencyDays` (7)" },
  audit: "none",
  keepsBytes: true,
  body: Type.Object(
    { events: Type.Array(NewEvent, { minItems: 1, maxItems: 1_000 }) },
    { additionalProperties: false },
  ),
  bodyForms: [batchForm],
  replies: {
    202: Type.Object({
      id: Type.String({
        description: "The request's id: the `cause` of every event of the batch.",
      }),
      status: Type.Literal("accepted"),
      events: Type.Array(Type.String(), { description: "The ids, in the order of the list." }),
      warnings: Type.Optional(
        Type.Array(Warning, {
          description: "Where data does not fit the schema of its type: the first 100 places.",
        }),
      ),
    }),
  },
  errors: [
    "events.dataTooLarge",
    "events.badText",
    "events.reservedType",
    "events.oneData",
    "events.keyReuse",
    "events.dataUnfit",
    "events.badCloudEvent",
  ],
  example: {
    body: {
      events: [
        { type: "invoice.created", subject: "inv_1043", data: { invoice: "inv_1043" } },
        { type: "invoice.paid", subject: "inv_1043", data: { invoice: "inv_1043", total: 900 } },
      ],
    },
  },
  prepare: ({ body, caller, read, ctx }) => prepareEvents(body.events, { caller, read, ctx }),
  handle({ body, bodyBytes, append, prepared, origin, ctx }) {
    const list = bodyBytes === undefined ? undefined : memberBytes(bodyBytes, "events");
    const arrived = list === undefined ? [] : elementsBytes(list);
    const accepted = body.events.map((event, index) =>
      acceptEvent(event, {
        arrived: arrived[index],
        pointer: `/events/${index}`,
        prepared,
        append,
        ctx,
      }),
    );
    const warnings = accepted.flatMap((each) => each.warnings).slice(0, WARNINGS_MAX);
    return {
      id: origin.cause,
      status: "accepted",
      events: accepted.map(({ id }) => id),
      ...(warnings.length === 0 ? {} : { warnings }),
    };
  },
});
