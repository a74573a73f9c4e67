import { listOf, operation, pageQuery } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { isOfVersion, routeViews, Table } from "../table/index.ts";
import { pageOf } from "./page.ts";
import { RouteBody } from "./route-body.ts";

/** `GET /gateway/routes`: the table, for whoever runs the installation. */
export const listRoutes: Operation = operation({
  id: "gateway.routes",
  method: "GET",
  path: "/gateway/routes",
  summary: "List the gateway's routes",
  access: "gateway:read",
  mode: "read",
  query: Type.Object(
    {
      ...pageQuery,
      api: Type.Optional(Type.String({ description: "Of one API." })),
      version: Type.Optional(
        Type.String({ description: "Of one version, those of all among them." }),
      ),
      active: Type.Optional(Type.Boolean({ description: "In force, or not." })),
      source: Type.Optional(Type.String({ description: "`config` or `api`." })),
    },
    { additionalProperties: false },
  ),
  replies: { 200: listOf(RouteBody) },
  errors: ["gateway.notStarted"],
  example: { query: { active: "true" } },
  handle: async ({ query, cursor, ctx }) => {
    const table = ctx.get(Table);
    await table.follow();
    const { api, version, active, source, limit } = query;
    const wanted = routeViews(table).filter(
      (view) =>
        (api === undefined || view.api === api) &&
        (active === undefined || view.active === active) &&
        (source === undefined || view.source === source) &&
        isOfVersion(view, version),
    );
    return pageOf(wanted, { limit, cursor });
  },
});
