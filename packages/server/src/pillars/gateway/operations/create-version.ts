import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Table, versionPlan } from "../table/index.ts";
import { NewVersionBody, VersionBody } from "./bodies.ts";
import { changeErrors, changing, commitChange, prepareChange } from "./change.ts";
import { viewOfVersion } from "./version-view.ts";

/** `POST /gateway/versions`: another version of an API. */
export const createVersion: Operation = operation({
  ...changing,
  id: "gateway.createVersion",
  method: "POST",
  path: "/gateway/versions",
  summary: "Add a version of an API",
  description:
    "In force when this is answered. Version changes are code, which only the configuration may name; over the API a version has an upstream or routes of its own.",
  idempotent: true,
  body: NewVersionBody,
  replies: { 201: VersionBody },
  errors: [
    ...changeErrors,
    "gateway.exists",
    "gateway.apiMissing",
    "gateway.pinned",
    "gateway.notFound",
  ],
  example: {
    after: ["gateway.createApi"],
    body: { api: "shop", id: "2026-11-01", upstream: "http://127.0.0.1:3001", current: true },
    refused: { "gateway.exists": { times: 2 } },
  },
  prepare: ({ body, ctx }) =>
    prepareChange(ctx, versionPlan(ctx.get(Table), body, ctx.clock.now())),
  handle: async ({ body, prepared, tx, ctx }) => {
    const object = await commitChange({ tx, ctx }, prepared, "gateway.createVersion");
    // The first version of an API is its current one, whoever says so.
    const isFirst = ctx
      .get(Table)
      .inForce.united.apis.every(
        ({ id, versions = [] }) => id !== object.api || versions.length === 0,
      );
    return viewOfVersion(object, body.current === true || isFirst);
  },
});
