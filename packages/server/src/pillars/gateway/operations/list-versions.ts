import { listOf, operation, pageQuery } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { VersionBody } from "./bodies.ts";
import { pageOf } from "./page.ts";
import { versionViews } from "./version-view.ts";

/** `GET /gateway/versions`: of every API, those of the configuration among them. */
export const listVersions: Operation = operation({
  id: "gateway.listVersions",
  method: "GET",
  path: "/gateway/versions",
  summary: "List the versions of the fronted APIs",
  access: "gateway:read",
  mode: "read",
  query: Type.Object(
    { ...pageQuery, api: Type.Optional(Type.String({ description: "Of one API." })) },
    { additionalProperties: false },
  ),
  replies: { 200: listOf(VersionBody) },
  errors: ["gateway.notStarted"],
  example: {},
  handle: async ({ query, cursor, ctx }) => {
    const { api, limit } = query;
    const all = await versionViews(ctx);
    const wanted = all.filter(({ view }) => api === undefined || view["api"] === api);
    const { data, next } = pageOf(wanted, { limit, cursor });
    return { data: data.map(({ view }) => view), next };
  },
});
