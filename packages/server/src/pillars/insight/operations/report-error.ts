import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { ErrorView, groupOf, recordGroup, storable, viewError } from "../failures/index.ts";

/** `POST /errors`: a failure that the application met itself. */
export const reportError: Operation = operation({
  id: "insight.reportError",
  method: "POST",
  path: "/errors",
  summary: "Report an error",
  description:
    "A failure of the application itself, grouped with those that are the same. Answers the error it belongs to.",
  access: "insight:write",
  mode: "write",
  idempotent: true,
  audit: "none",
  limits: ["600/min"],
  body: Type.Object(
    {
      place: Type.String({ minLength: 1, maxLength: 200, description: "Where it happened." }),
      message: Type.String({ minLength: 1, maxLength: 2_000 }),
      code: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
      stack: Type.Optional(Type.String({ maxLength: 8_000 })),
      trace: Type.Optional(
        Type.String({ pattern: "^[0-9a-f]{32}$", description: "The thread it belongs to." }),
      ),
    },
    { additionalProperties: false },
  ),
  replies: { 201: ErrorView },
  example: { body: { place: "invoices.pay", message: "The bank answered 500 to payment 7" } },
  handle: async ({ body, caller, origin, tx, ctx }) => {
    const { place, message, code = null, stack = null, trace = origin.trace } = body;
    const text = storable(message, 2_000);
    const group = groupOf({
      kind: "application",
      organization: caller.organization,
      place,
      code,
      text,
      message: text,
      detail: null,
      stack: stack === null ? null : storable(stack, 8_000),
      at: Math.floor(ctx.clock.now()),
      subject: caller.subject,
      trace,
      source: origin.cause,
    });
    return viewError(await recordGroup(tx, group, ctx.makeId));
  },
});
