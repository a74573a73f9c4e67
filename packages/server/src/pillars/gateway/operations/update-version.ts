import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { allVersions, resolveVersion, Table, updating, versionKey } from "../table/index.ts";
import { ByVersion, VersionBody, VersionChangeBody } from "./bodies.ts";
import { changeErrors, changing, commitChange, prepareChange } from "./change.ts";
import { viewOfVersion } from "./version-view.ts";

/** `PATCH /gateway/versions/{version}`: its end announced, its upstream moved. */
export const updateVersion: Operation = operation({
  ...changing,
  id: "gateway.updateVersion",
  method: "PATCH",
  path: "/gateway/versions/{version}",
  summary: "Change a version of an API",
  description: "Fields that are left out stay as they are; null takes a setting away.",
  params: ByVersion,
  body: VersionChangeBody,
  replies: { 200: VersionBody },
  errors: [...changeErrors, "gateway.notFound", "gateway.pinned", "gateway.versionAmbiguous"],
  example: {
    after: ["gateway.createApi", "gateway.createVersion"],
    path: { version: "2026-11-01" },
    body: { deprecatedAt: "2027-11-01", sunsetAt: "2028-05-01" },
    refused: { "gateway.pinned": { path: { version: "configured:v1" } } },
  },
  prepare: async ({ path: { version }, body, ifMatch, ctx }) => {
    const table = ctx.get(Table);
    await table.follow();
    const id = versionKey(resolveVersion(table, version));
    const wanted = { kind: "version", id, ifMatch, now: ctx.clock.now() } as const;
    return prepareChange(ctx, updating(wanted, body));
  },
  handle: async ({ prepared, tx, ctx }) => {
    const object = await commitChange({ tx, ctx }, prepared, "gateway.updateVersion");
    const known = allVersions(ctx.get(Table)).find((each) => versionKey(each) === object.id);
    return viewOfVersion(object, known?.isCurrent ?? false);
  },
});
