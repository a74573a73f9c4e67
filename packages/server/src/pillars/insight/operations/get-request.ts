import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { Insight } from "../capability.ts";
import { raise } from "../errors.ts";
import { RequestDetailView, viewRequestDetail } from "../requests/index.ts";
import { scopeOf, ScopeQuery } from "../scope.ts";

/** `GET /requests/{id}`: every decision that was taken about a request. */
export const getRequest: Operation = operation({
  id: "insight.request",
  method: "GET",
  path: "/requests/{id}",
  summary: "Explain a request",
  description:
    "One request with every decision on its way: route, key, permission, limit, cache, version, upstream. Headers and bodies are redacted.",
  access: "insight:read",
  mode: "read",
  params: Type.Object({ id: Type.String({ maxLength: 128 }) }),
  query: Type.Object({ scope: ScopeQuery }),
  replies: { 200: RequestDetailView },
  errors: ["insight.requestNotFound", "access.forbidden"],
  example: {
    after: ["insight.audit", "insight.requests"],
    path: { id: "{insight.requests.data.0.id}" },
  },
  handle: async ({ path, query, caller, ctx }) => {
    const scope = scopeOf(ctx, caller, query.scope);
    const [found] = await ctx.get(Insight).requests({
      id: path.id,
      ...(scope === "instance" ? {} : { organization: scope.organization }),
      limit: 1,
      hasDetails: true,
    });
    if (found === undefined) throw raise("insight.requestNotFound", { params: { id: path.id } });
    return viewRequestDetail(found.row);
  },
});
