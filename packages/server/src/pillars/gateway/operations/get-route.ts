import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { routeView, Table } from "../table/index.ts";
import { ById } from "./bodies.ts";
import { RouteBody } from "./route-body.ts";

/** `GET /gateway/routes/{id}`: also those of the configuration, by their names. */
export const getRoute: Operation = operation({
  id: "gateway.getRoute",
  method: "GET",
  path: "/gateway/routes/{id}",
  summary: "Get a route",
  access: "gateway:read",
  mode: "read",
  params: ById,
  replies: { 200: RouteBody },
  errors: ["gateway.notFound", "gateway.notStarted"],
  example: {
    after: ["gateway.createApi", "gateway.createRoute"],
    path: { id: "{gateway.createRoute.id}" },
  },
  handle: async ({ path, ctx }) => {
    const table = ctx.get(Table);
    await table.follow();
    return routeView(table, path.id);
  },
});
