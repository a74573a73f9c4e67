import { listOf, operation, pageQuery } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { ApiBody } from "./bodies.ts";
import { declaredApis } from "./declared.ts";
import { pageOf } from "./page.ts";

/** `GET /gateway/apis`: those of the configuration and those of the API. */
export const listApis: Operation = operation({
  id: "gateway.listApis",
  method: "GET",
  path: "/gateway/apis",
  summary: "List the fronted APIs",
  access: "gateway:read",
  mode: "read",
  query: Type.Object(pageQuery, { additionalProperties: false }),
  replies: { 200: listOf(ApiBody) },
  errors: ["gateway.notStarted"],
  example: {},
  handle: async ({ query, cursor, ctx }) =>
    pageOf(await declaredApis(ctx), { limit: query.limit, cursor }),
});
