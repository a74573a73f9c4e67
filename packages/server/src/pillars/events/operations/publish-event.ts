import { operation } from "portico/kernel";
import { acceptEvent, prepareEvents } from "../accept-event.ts";
import { binaryForm, noBatchForm, structuredForm } from "../cloud-events-in.ts";
import { keptMsOf } from "../event-keys.ts";
import { Accepted, NewEvent } from "../view.ts";

/** `POST /events`: one event on the log, durable before the answer; the hottest way to write. */
export const publishEvent = operation({
  id: "events.publish",
  method: "POST",
  path: "/events",
  summary: "Publish an event",
  description:
    "Stores one event. Webhooks, feeds and workflows that ask for its type follow from the log. The bytes of `data` " +
    "are kept and delivered exactly as they were sent. A repeated `Idempotency-Key` answers the first event's id, and " +
    "so does a repeated `idempotencyKey` of the event itself. A CloudEvent 1.0 is taken in structured and in binary " +
    "mode; sent again with the same `source` and `id` it is the same event.",
  access: "events:write",
  mode: "append",
  idempotent: { within: "organization", keptMs: keptMsOf, kept: "`events.idempotencyDays` (7)" },
  audit: "none",
  keepsBytes: true,
  body: NewEvent,
  bodyForms: [noBatchForm, structuredForm, binaryForm],
  replies: { 202: Accepted },
  errors: [
    "events.dataTooLarge",
    "events.badText",
    "events.reservedType",
    "events.oneData",
    "events.keyReuse",
    "events.dataUnfit",
    "events.badCloudEvent",
    "events.batchElsewhere",
  ],
  example: {
    body: {
      type: "invoice.paid",
      subject: "inv_1042",
      data: { invoice: "inv_1042", total: 4200, currency: "EUR" },
    },
  },
  prepare: ({ body, caller, read, ctx }) => prepareEvents([body], { caller, read, ctx }),
  handle({ body, bodyBytes, append, prepared, ctx }) {
    const accepting = { arrived: bodyBytes, pointer: "", prepared, append, ctx };
    const { id, warnings } = acceptEvent(body, accepting);
    return { id, status: "accepted", ...(warnings.length === 0 ? {} : { warnings }) };
  },
});
