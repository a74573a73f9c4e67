import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { creating } from "../table/index.ts";
import { NewUpstreamBody, UpstreamBody, viewOfObject } from "./bodies.ts";
import { changeErrors, changing, commitChange, prepareChange } from "./change.ts";

/** `POST /gateway/upstreams`: targets under a name that APIs may give as their upstream. */
export const createUpstream: Operation = operation({
  ...changing,
  id: "gateway.createUpstream",
  method: "POST",
  path: "/gateway/upstreams",
  summary: "Add a named upstream",
  description: "Each target must lie in one of the networks of `gateway.upstreamAllow`.",
  idempotent: true,
  body: NewUpstreamBody,
  replies: { 201: UpstreamBody },
  errors: [...changeErrors, "gateway.exists"],
  example: {
    body: {
      id: "orders",
      targets: [{ url: "http://127.0.0.1:3001" }, { url: "http://127.0.0.1:3002", weight: 2 }],
      balance: "weighted",
    },
    refused: { "gateway.exists": { times: 2 } },
  },
  prepare: ({ body, ctx }) => {
    const object = { kind: "upstream", id: body.id, api: null, settings: body } as const;
    return prepareChange(ctx, creating([{ ...object, now: ctx.clock.now() }]));
  },
  handle: async ({ prepared, tx, ctx }) =>
    viewOfObject(await commitChange({ tx, ctx }, prepared, "gateway.createUpstream")),
});
