import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { raise } from "../errors.ts";
import { UpstreamBody, ById } from "./bodies.ts";
import { declaredUpstreams } from "./declared.ts";

/** `GET /gateway/upstreams/{id}` */
export const getUpstream: Operation = operation({
  id: "gateway.getUpstream",
  method: "GET",
  path: "/gateway/upstreams/{id}",
  summary: "Get a named upstream",
  access: "gateway:read",
  mode: "read",
  params: ById,
  replies: { 200: UpstreamBody },
  errors: ["gateway.notFound", "gateway.notStarted"],
  example: { after: ["gateway.createUpstream"], path: { id: "{gateway.createUpstream.id}" } },
  handle: async ({ path: { id }, ctx }) => {
    const found = (await declaredUpstreams(ctx)).find((each) => each.id === id);
    if (found === undefined) throw raise("gateway.notFound", { params: { kind: "upstream", id } });
    return found;
  },
});
