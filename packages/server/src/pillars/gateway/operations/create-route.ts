import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { routePlan, Table } from "../table/index.ts";
import { NewRouteBody, RouteRow, viewOfRow } from "./bodies.ts";
import { changeErrors, changing, commitChange, prepareChange } from "./change.ts";

/** `POST /gateway/routes`: another route of an API, of the configuration's or of the API's own. */
export const createRoute: Operation = operation({
  ...changing,
  id: "gateway.createRoute",
  method: "POST",
  path: "/gateway/routes",
  summary: "Add a route",
  description: "In force when this is answered; all that is wrong with it is told at once.",
  idempotent: true,
  body: NewRouteBody,
  replies: { 201: RouteRow },
  errors: [...changeErrors, "gateway.exists", "gateway.apiMissing"],
  example: {
    after: ["gateway.createApi"],
    body: {
      api: "shop",
      path: "/invoices/{id}/pay",
      methods: ["POST"],
      permissions: ["invoices:write"],
      rateLimit: 60,
    },
  },
  prepare: ({ body, ctx }) => {
    const made = { id: ctx.makeId("route"), now: ctx.clock.now() };
    return prepareChange(ctx, routePlan(ctx.get(Table), body, made));
  },
  handle: async ({ prepared, tx, ctx }) =>
    viewOfRow(await commitChange({ tx, ctx }, prepared, "gateway.createRoute")),
});
