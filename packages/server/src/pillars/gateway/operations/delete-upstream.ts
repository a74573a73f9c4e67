import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { deleting } from "../table/index.ts";
import { ById } from "./bodies.ts";
import { changeErrors, changing, commitChange, prepareChange } from "./change.ts";

/** `DELETE /gateway/upstreams/{id}`: calls that are under way end as they would have. */
export const deleteUpstream: Operation = operation({
  ...changing,
  id: "gateway.deleteUpstream",
  method: "DELETE",
  path: "/gateway/upstreams/{id}",
  summary: "Delete an upstream",
  description: "Refused while an API names it.",
  params: ById,
  replies: { 204: null },
  errors: [...changeErrors, "gateway.notFound", "gateway.pinned"],
  example: {
    after: ["gateway.createUpstream"],
    path: { id: "{gateway.createUpstream.id}" },
    refused: { "gateway.pinned": { path: { id: "configured" } } },
  },
  prepare: ({ path: { id }, ifMatch, ctx }) =>
    prepareChange(ctx, deleting({ kind: "upstream", id, ifMatch, now: ctx.clock.now() })),
  handle: async ({ prepared, tx, ctx }) => {
    await commitChange({ tx, ctx }, prepared, "gateway.deleteUpstream");
  },
});
