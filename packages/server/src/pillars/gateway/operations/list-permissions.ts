import { listOf, operation, pageQuery } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { Gateway } from "../capability.ts";
import { pageOf } from "./page.ts";

/** `GET /gateway/permissions`: what routes ask for; valid wherever a permission is granted or checked. */
export const listPermissions: Operation = operation({
  id: "gateway.permissions",
  method: "GET",
  path: "/gateway/permissions",
  summary: "List the permissions of the fronted applications",
  description: "Each is declared by the routes that ask for it. Keys may be created with them.",
  access: "gateway:read",
  mode: "read",
  query: Type.Object(pageQuery, { additionalProperties: false }),
  replies: {
    200: listOf(
      Type.Object({
        permission: Type.String(),
        routes: Type.Integer({ description: "How many ask for it." }),
      }),
    ),
  },
  errors: ["gateway.notStarted"],
  example: {},
  handle: ({ query, cursor, ctx }) => {
    const all = [...ctx.get(Gateway).permissions()].map(([id, routes]) => ({ id, routes }));
    const { data, next } = pageOf(all, { limit: query.limit, cursor });
    return { data: data.map(({ id, routes }) => ({ permission: id, routes })), next };
  },
});
