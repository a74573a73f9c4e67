import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { deleting } from "../table/index.ts";
import { ById } from "./bodies.ts";
import { changeErrors, changing, commitChange, prepareChange } from "./change.ts";

/** `DELETE /gateway/routes/{id}`: calls that are under way end as they would have. */
export const deleteRoute: Operation = operation({
  ...changing,
  id: "gateway.deleteRoute",
  method: "DELETE",
  path: "/gateway/routes/{id}",
  summary: "Delete a route",
  description: "Calls that are under way end as they would have.",
  params: ById,
  replies: { 204: null },
  errors: [...changeErrors, "gateway.notFound", "gateway.pinned"],
  example: {
    after: ["gateway.createApi", "gateway.createRoute"],
    path: { id: "{gateway.createRoute.id}" },
    refused: { "gateway.pinned": { path: { id: "read" } } },
  },
  prepare: ({ path: { id }, ifMatch, ctx }) =>
    prepareChange(ctx, deleting({ kind: "route", id, ifMatch, now: ctx.clock.now() })),
  handle: async ({ prepared, tx, ctx }) => {
    await commitChange({ tx, ctx }, prepared, "gateway.deleteRoute");
  },
});
