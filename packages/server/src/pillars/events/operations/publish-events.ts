import { Type } from "typebox";
import { operation } from "portico/kernel";
import { acceptData } from "../data.ts";
import { elementsBytes, memberBytes } from "../exact.ts";
import { refuseReserved } from "../reserved.ts";
import { settingsOf } from "../settings.ts";
import { NewEvent } from "../view.ts";

/** `POST /events/batch`: up to 1,000 events in one transaction, all of them or none. */
export const publishEvents = operation({
  id: "events.publishBatch",
  method: "POST",
  path: "/events/batch",
  summary: "Publish up to 1,000 events",
  description:
    "Stores all events in one transaction, in the order of the list, or none of them. The ids are answered in the " +
    "same order.",
  access: "events:write",
  mode: "append",
  idempotent: true,
  audit: "none",
  keepsBytes: true,
  body: Type.Object(
    { events: Type.Array(NewEvent, { minItems: 1, maxItems: 1_000 }) },
    { additionalProperties: false },
  ),
  replies: {
    202: Type.Object({
      id: Type.String({
        description: "The request's id: the `cause` of every event of the batch.",
      }),
      status: Type.Literal("accepted"),
      events: Type.Array(Type.String(), { description: "The ids, in the order of the list." }),
    }),
  },
  errors: ["events.dataTooLarge", "events.badText", "events.reservedType"],
  example: {
    body: {
      events: [
        { type: "invoice.created", subject: "inv_1043", data: { invoice: "inv_1043" } },
        { type: "invoice.paid", subject: "inv_1043", data: { invoice: "inv_1043", total: 900 } },
      ],
    },
  },
  handle({ body, bodyBytes, append, origin, ctx }) {
    const { dataBytesMax: bytesMax } = settingsOf(ctx);
    const list = bodyBytes === undefined ? undefined : memberBytes(bodyBytes, "events");
    const arrived = list === undefined ? [] : elementsBytes(list);
    const events = body.events.map(({ type, data, ...options }, index) => {
      refuseReserved(type, ctx);
      const element = arrived[index];
      const bytes = acceptData(data, {
        arrived: element === undefined ? undefined : memberBytes(element, "data"),
        bytesMax,
      });
      return append.emit(type, bytes, options);
    });
    return { id: origin.cause, status: "accepted", events };
  },
});
