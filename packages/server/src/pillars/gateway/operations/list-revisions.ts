import { listOf, operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { listRevisions as readRevisions } from "../table/index.ts";
import { RevisionBody } from "./revision-body.ts";

/** `GET /gateway/revisions`: the last ten activations, the newest first. */
export const listRevisions: Operation = operation({
  id: "gateway.revisions",
  method: "GET",
  path: "/gateway/revisions",
  summary: "List the last revisions of the table",
  description: "The newest is in force. Ten are kept; each can be gone back to.",
  access: "gateway:read",
  mode: "read",
  replies: { 200: listOf(RevisionBody) },
  example: {},
  handle: async ({ read }) => ({ data: await readRevisions(read), next: null }),
});
