import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { Gateway } from "../capability.ts";
import { RouteBody } from "./route-body.ts";

/** `POST /gateway/validate`: what would become of a call, without calling the upstream. */
export const validateCall: Operation = operation({
  id: "gateway.validate",
  method: "POST",
  path: "/gateway/validate",
  summary: "Ask what would become of a call",
  description: "Finds the route as a call would; the upstream hears nothing of it.",
  access: "gateway:read",
  mode: "read",
  audit: "none",
  body: Type.Object(
    {
      method: Type.String({ minLength: 1, maxLength: 32 }),
      path: Type.String({ minLength: 1, maxLength: 16_384 }),
      host: Type.Optional(Type.String({ maxLength: 255 })),
      version: Type.Optional(Type.String({ maxLength: 64 })),
    },
    { additionalProperties: false },
  ),
  replies: {
    200: Type.Object({
      valid: Type.Boolean(),
      route: Type.Union([RouteBody, Type.Null()]),
      permission: Type.Union([Type.String(), Type.Null()]),
      rateLimit: Type.Union([Type.String(), Type.Null()]),
      problems: Type.Array(Type.Object({ code: Type.String(), detail: Type.String() })),
    }),
  },
  errors: ["gateway.notStarted"],
  example: { body: { method: "GET", path: "/shop/invoices/7" } },
  handle: ({ body, ctx }) => ctx.get(Gateway).validateRequest(body),
});
