import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { deleting } from "../table/index.ts";
import { ById } from "./bodies.ts";
import { changeErrors, changing, commitChange, prepareChange } from "./change.ts";

/** `DELETE /gateway/apis/{id}`: calls that are under way end as they would have. */
export const deleteApi: Operation = operation({
  ...changing,
  id: "gateway.deleteApi",
  method: "DELETE",
  path: "/gateway/apis/{id}",
  summary: "Delete an API",
  description:
    "Takes the routes and versions along that were added to it. Calls under way end as they would have.",
  params: ById,
  replies: { 204: null },
  errors: [...changeErrors, "gateway.notFound", "gateway.pinned"],
  example: {
    after: ["gateway.createApi"],
    path: { id: "{gateway.createApi.id}" },
    refused: { "gateway.pinned": { path: { id: "configured" } } },
  },
  prepare: ({ path: { id }, ifMatch, ctx }) =>
    prepareChange(ctx, deleting({ kind: "api", id, ifMatch, now: ctx.clock.now() })),
  handle: async ({ prepared, tx, ctx }) => {
    await commitChange({ tx, ctx }, prepared, "gateway.deleteApi");
  },
});
