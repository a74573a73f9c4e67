import { Type } from "typebox";

const Change = Type.Object({ kind: Type.String(), id: Type.String(), action: Type.String() });

/** What this pillar puts on the log by itself; events of fronted calls are the operator's. */
export const gatewayEvents = {
  "gateway.event_unfit": {
    description:
      "An event made of a call was stored, and its data does not fit the schema of its type.",
    data: Type.Object({
      event: Type.String({ description: "The event's id." }),
      type: Type.String(),
      places: Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() })),
    }),
    example: {
      event: "evt_01jd3v9k2me8r8v0c2m4t6x8z0",
      type: "invoice.paid",
      places: [{ pointer: "/total", detail: "must be integer, not string" }],
    },
  },
  "gateway.activated": {
    description: "A revision of the table of routes was activated over the API.",
    data: Type.Object({
      revision: Type.Integer(),
      cause: Type.String(),
      of: Type.Union([Type.Integer(), Type.Null()], {
        description: "The revision that a rollback went back to.",
      }),
      changes: Type.Array(Change, { description: "The first hundred." }),
      changeCount: Type.Integer(),
      at: Type.String(),
    }),
    example: {
      revision: 12,
      cause: "change",
      of: null,
      changes: [{ kind: "route", id: "route_01jd3v9k2me8r8v0c2m4t6x8z0", action: "created" }],
      changeCount: 1,
      at: "2026-11-01T12:00:00.000Z",
    },
  },
} as const;
