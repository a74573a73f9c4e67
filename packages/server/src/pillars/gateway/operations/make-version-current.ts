import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { makingCurrent, resolveVersion, Table } from "../table/index.ts";
import { ByVersion } from "./bodies.ts";
import { changeErrors, changing, commitChange, prepareChange } from "./change.ts";

/** `POST /gateway/versions/{version}/make-current`: what calls get that ask for no version. */
export const makeVersionCurrent: Operation = operation({
  ...changing,
  id: "gateway.makeVersionCurrent",
  method: "POST",
  path: "/gateway/versions/{version}/make-current",
  summary: "Make a version the current one",
  description:
    "Calls that ask for no version, and whose key is pinned to none, get it from now on. Refused where the configuration says which is current.",
  params: ByVersion,
  replies: { 200: Type.Object({ api: Type.String(), currentVersion: Type.String() }) },
  errors: [...changeErrors, "gateway.notFound", "gateway.pinned", "gateway.versionAmbiguous"],
  example: {
    after: ["gateway.createApi", "gateway.createVersion"],
    path: { version: "2026-11-01" },
  },
  prepare: async ({ path: { version }, ctx }) => {
    const table = ctx.get(Table);
    await table.follow();
    return prepareChange(ctx, makingCurrent(resolveVersion(table, version), ctx.clock.now()));
  },
  handle: async ({ path: { version }, prepared, tx, ctx }) => {
    await commitChange({ tx, ctx }, prepared, "gateway.makeVersionCurrent");
    const { api, id } = resolveVersion(ctx.get(Table), version);
    return { api, currentVersion: id };
  },
});
