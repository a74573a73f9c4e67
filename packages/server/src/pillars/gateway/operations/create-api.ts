import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { creating } from "../table/index.ts";
import { ApiBody, NewApiBody, viewOfObject } from "./bodies.ts";
import { changeErrors, changing, commitChange, prepareChange } from "./change.ts";

/** `POST /gateway/apis`: another application behind Portico, in force when this is answered. */
export const createApi: Operation = operation({
  ...changing,
  id: "gateway.createApi",
  method: "POST",
  path: "/gateway/apis",
  summary: "Add an API",
  description:
    "Its routes become rows of their own, which `/gateway/routes` lists and changes; an API without routes takes every path and method below its base path. The upstream must lie in one of the networks of `gateway.upstreamAllow`.",
  idempotent: true,
  body: NewApiBody,
  replies: { 201: ApiBody },
  errors: [...changeErrors, "gateway.exists"],
  example: {
    body: {
      id: "shop",
      basePath: "/shop",
      upstream: "http://127.0.0.1:3000",
      auth: "key",
      routes: [{ path: "/invoices/{id}", methods: ["GET"], permissions: ["invoices:read"] }],
    },
    refused: { "gateway.exists": { times: 2 } },
  },
  prepare: ({ body, ctx }) => {
    const now = ctx.clock.now();
    const { id, routes } = body;
    const settings = routes === undefined ? body : { ...body, routes: [] };
    const own = (routes ?? []).map((route) => ({
      kind: "route" as const,
      id: ctx.makeId("route"),
      api: id,
      settings: route,
      now,
    }));
    const plan = creating([{ kind: "api", id, api: null, settings, now }, ...own]);
    return prepareChange(ctx, plan);
  },
  handle: async ({ prepared, tx, ctx }) =>
    viewOfObject(await commitChange({ tx, ctx }, prepared, "gateway.createApi")),
});
