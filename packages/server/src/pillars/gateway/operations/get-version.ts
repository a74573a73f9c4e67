import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { raise } from "../errors.ts";
import { resolveVersion, Table, versionKey } from "../table/index.ts";
import { ByVersion, VersionBody } from "./bodies.ts";
import { versionViews } from "./version-view.ts";

/** `GET /gateway/versions/{version}` */
export const getVersion: Operation = operation({
  id: "gateway.getVersion",
  method: "GET",
  path: "/gateway/versions/{version}",
  summary: "Get a version of an API",
  access: "gateway:read",
  mode: "read",
  params: ByVersion,
  replies: { 200: VersionBody },
  errors: ["gateway.notFound", "gateway.versionAmbiguous", "gateway.notStarted"],
  example: {
    after: ["gateway.createApi", "gateway.createVersion"],
    path: { version: "shop:2026-11-01" },
  },
  handle: async ({ path: { version }, ctx }) => {
    const all = await versionViews(ctx);
    const key = versionKey(resolveVersion(ctx.get(Table), version));
    const found = all.find(({ id }) => id === key);
    if (found !== undefined) return found.view;
    throw raise("gateway.notFound", { params: { kind: "version", id: version } });
  },
});
