import { operation } from "portico/kernel";
import { acceptData } from "../data.ts";
import { memberBytes } from "../exact.ts";
import { refuseReserved } from "../reserved.ts";
import { settingsOf } from "../settings.ts";
import { Accepted, NewEvent } from "../view.ts";

/** `POST /events`: one event on the log, durable before the answer; the hottest way to write. */
export const publishEvent = operation({
  id: "events.publish",
  method: "POST",
  path: "/events",
  summary: "Publish an event",
  description:
    "Stores one event. Webhooks, feeds and workflows that ask for its type follow from the log. The bytes of `data` " +
    "are kept and delivered exactly as they were sent. A repeated `Idempotency-Key` answers the first event's id.",
  access: "events:write",
  mode: "append",
  idempotent: true,
  audit: "none",
  keepsBytes: true,
  body: NewEvent,
  replies: { 202: Accepted },
  errors: ["events.dataTooLarge", "events.badText", "events.reservedType"],
  example: {
    body: {
      type: "invoice.paid",
      subject: "inv_1042",
      data: { invoice: "inv_1042", total: 4200, currency: "EUR" },
    },
  },
  handle({ body, bodyBytes, append, ctx }) {
    const { type, data, ...options } = body;
    refuseReserved(type, ctx);
    const bytes = acceptData(data, {
      arrived: bodyBytes === undefined ? undefined : memberBytes(bodyBytes, "data"),
      bytesMax: settingsOf(ctx).dataBytesMax,
    });
    return { id: append.emit(type, bytes, options), status: "accepted" };
  },
});
