import { Type } from "typebox";
import { listOf, operation, pageQuery } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { personOf } from "../owner.ts";
import { pageOf } from "../page.ts";
import { SessionView } from "../view.ts";

const shared = {
  method: "GET",
  mode: "read",
  description: "Newest first; those that have lived out are left away.",
  replies: { 200: listOf(SessionView) },
  example: { query: { limit: "10" } },
} as const;

/** `GET /sessions` */
export const listSessions: Operation = operation({
  ...shared,
  id: "sessions.list",
  path: "/sessions",
  summary: "List your sessions",
  access: "caller",
  query: Type.Object(pageQuery, { additionalProperties: false }),
  errors: ["identity.notSession"],
  handle: ({ query, cursor, caller, read, ctx }) =>
    pageOf(
      { limit: query.limit, cursor, userId: personOf(caller), currentId: caller.credential },
      read,
      ctx,
    ),
});

/** `GET /admin/sessions` */
export const listAllSessions: Operation = operation({
  ...shared,
  id: "sessions.listAll",
  path: "/admin/sessions",
  summary: "List the sessions of everybody",
  access: "sessions:all",
  query: Type.Object(
    {
      ...pageQuery,
      userId: Type.Optional(Type.String({ maxLength: 64 })),
      organization: Type.Optional(Type.String({ maxLength: 64 })),
    },
    { additionalProperties: false },
  ),
  handle: ({ query, cursor, caller, read, ctx }) => {
    const { userId, organization, limit } = query;
    return pageOf({ userId, organization, limit, cursor, currentId: caller.credential }, read, ctx);
  },
});
