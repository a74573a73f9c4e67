import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { deleting, resolveVersion, Table, versionKey } from "../table/index.ts";
import { ByVersion } from "./bodies.ts";
import { changeErrors, changing, commitChange, prepareChange } from "./change.ts";

/** `DELETE /gateway/versions/{version}`: refused while it is the current one by name. */
export const deleteVersion: Operation = operation({
  ...changing,
  id: "gateway.deleteVersion",
  method: "DELETE",
  path: "/gateway/versions/{version}",
  summary: "Delete a version of an API",
  description: "Refused for the current one: make another one current first.",
  params: ByVersion,
  replies: { 204: null },
  errors: [...changeErrors, "gateway.notFound", "gateway.pinned", "gateway.versionAmbiguous"],
  example: {
    after: ["gateway.createApi", "gateway.createVersion"],
    path: { version: "2026-11-01" },
    refused: { "gateway.pinned": { path: { version: "configured:v1" } } },
  },
  prepare: async ({ path: { version }, ifMatch, ctx }) => {
    const table = ctx.get(Table);
    await table.follow();
    const id = versionKey(resolveVersion(table, version));
    const wanted = { kind: "version", id, ifMatch, now: ctx.clock.now() } as const;
    return prepareChange(ctx, deleting(wanted));
  },
  handle: async ({ prepared, tx, ctx }) => {
    await commitChange({ tx, ctx }, prepared, "gateway.deleteVersion");
  },
});
