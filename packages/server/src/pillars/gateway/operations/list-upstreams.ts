import { listOf, operation, pageQuery } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { UpstreamBody } from "./bodies.ts";
import { declaredUpstreams } from "./declared.ts";
import { pageOf } from "./page.ts";

/** `GET /gateway/upstreams`: those of the configuration and those of the API. */
export const listUpstreams: Operation = operation({
  id: "gateway.listUpstreams",
  method: "GET",
  path: "/gateway/upstreams",
  summary: "List the named upstreams",
  access: "gateway:read",
  mode: "read",
  query: Type.Object(pageQuery, { additionalProperties: false }),
  replies: { 200: listOf(UpstreamBody) },
  errors: ["gateway.notStarted"],
  example: {},
  handle: async ({ query, cursor, ctx }) =>
    pageOf(await declaredUpstreams(ctx), { limit: query.limit, cursor }),
});
