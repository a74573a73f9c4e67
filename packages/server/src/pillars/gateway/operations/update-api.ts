import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { updating } from "../table/index.ts";
import { ById, ApiBody, ApiChangeBody, viewOfObject } from "./bodies.ts";
import { changeErrors, changing, commitChange, prepareChange } from "./change.ts";

/** `PATCH /gateway/apis/{id}`: what is left out stays as it is, null takes a setting away. */
export const updateApi: Operation = operation({
  ...changing,
  id: "gateway.updateApi",
  method: "PATCH",
  path: "/gateway/apis/{id}",
  summary: "Change an API",
  description: "Fields that are left out stay as they are; null takes a setting away.",
  params: ById,
  body: ApiChangeBody,
  replies: { 200: ApiBody },
  errors: [...changeErrors, "gateway.notFound", "gateway.pinned"],
  example: {
    after: ["gateway.createApi"],
    path: { id: "{gateway.createApi.id}" },
    body: { rateLimit: 600, basePath: "/store" },
    refused: { "gateway.pinned": { path: { id: "configured" } } },
  },
  prepare: ({ path: { id }, body, ifMatch, ctx }) =>
    prepareChange(ctx, updating({ kind: "api", id, ifMatch, now: ctx.clock.now() }, body)),
  handle: async ({ prepared, tx, ctx }) =>
    viewOfObject(await commitChange({ tx, ctx }, prepared, "gateway.updateApi")),
});
