import { listOf, operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { Gateway } from "../capability.ts";

const RouteBody = Type.Object({
  id: Type.String(),
  api: Type.String(),
  version: Type.Union([Type.String(), Type.Null()]),
  deprecated: Type.Boolean(),
  host: Type.Union([Type.String(), Type.Null()]),
  path: Type.String(),
  methods: Type.Union([Type.Array(Type.String()), Type.Null()]),
  upstream: Type.String(),
  auth: Type.String(),
  permissions: Type.Array(Type.String()),
  rateLimit: Type.Array(Type.String()),
  emits: Type.Array(Type.String()),
});

/** Shows the routes in force, for whoever runs the installation. */
export const listRoutes: Operation = operation({
  id: "gateway.routes",
  method: "GET",
  path: "/gateway/routes",
  summary: "List the gateway's routes",
  access: "gateway:read",
  mode: "read",
  replies: {
    200: listOf(RouteBody),
  },
  example: {},
  handle: ({ ctx }) => ({ data: ctx.get(Gateway).routes(), next: null }),
});
