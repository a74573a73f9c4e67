import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { updating } from "../table/index.ts";
import { ById, RouteRow, RouteChangeBody, viewOfRow } from "./bodies.ts";
import { changeErrors, changing, commitChange, prepareChange } from "./change.ts";

/** `PATCH /gateway/routes/{id}`: what is left out stays as it is, null takes a setting away. */
export const updateRoute: Operation = operation({
  ...changing,
  id: "gateway.updateRoute",
  method: "PATCH",
  path: "/gateway/routes/{id}",
  summary: "Change a route",
  description: "Fields that are left out stay as they are; null takes a setting away.",
  params: ById,
  body: RouteChangeBody,
  replies: { 200: RouteRow },
  errors: [...changeErrors, "gateway.notFound", "gateway.pinned"],
  example: {
    after: ["gateway.createApi", "gateway.createRoute"],
    path: { id: "{gateway.createRoute.id}" },
    body: { rateLimit: 120, description: "Pays an invoice." },
    refused: { "gateway.pinned": { path: { id: "read" } } },
  },
  prepare: ({ path: { id }, body, ifMatch, ctx }) =>
    prepareChange(ctx, updating({ kind: "route", id, ifMatch, now: ctx.clock.now() }, body)),
  handle: async ({ prepared, tx, ctx }) =>
    viewOfRow(await commitChange({ tx, ctx }, prepared, "gateway.updateRoute")),
});
