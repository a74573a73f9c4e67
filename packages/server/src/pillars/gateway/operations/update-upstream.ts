import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { updating } from "../table/index.ts";
import { ById, UpstreamBody, UpstreamChangeBody, viewOfObject } from "./bodies.ts";
import { changeErrors, changing, commitChange, prepareChange } from "./change.ts";

/** `PATCH /gateway/upstreams/{id}`: what is left out stays as it is, null takes a setting away. */
export const updateUpstream: Operation = operation({
  ...changing,
  id: "gateway.updateUpstream",
  method: "PATCH",
  path: "/gateway/upstreams/{id}",
  summary: "Change an upstream",
  description: "Fields that are left out stay as they are; null takes a setting away.",
  params: ById,
  body: UpstreamChangeBody,
  replies: { 200: UpstreamBody },
  errors: [...changeErrors, "gateway.notFound", "gateway.pinned"],
  example: {
    after: ["gateway.createUpstream"],
    path: { id: "{gateway.createUpstream.id}" },
    body: { balance: "leastConnections" },
    refused: { "gateway.pinned": { path: { id: "configured" } } },
  },
  prepare: ({ path: { id }, body, ifMatch, ctx }) =>
    prepareChange(ctx, updating({ kind: "upstream", id, ifMatch, now: ctx.clock.now() }, body)),
  handle: async ({ prepared, tx, ctx }) =>
    viewOfObject(await commitChange({ tx, ctx }, prepared, "gateway.updateUpstream")),
});
