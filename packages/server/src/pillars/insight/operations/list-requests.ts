import { listOf, operation, pageQuery, toRfc3339 } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { Insight } from "../capability.ts";
import type { RequestRow } from "../request-row.ts";

const Text = (description: string, maxLength = 512) =>
  Type.Optional(Type.String({ description, maxLength }));
const RequestBody = Type.Object({
  id: Type.String(),
  trace: Type.String(),
  at: Type.String({ description: "When it came (RFC 3339)." }),
  durationMs: Type.Number(),
  subject: Type.String({ description: "Who asked: a key's or a user's id." }),
  method: Type.String(),
  route: Type.String({ description: "Template of the route." }),
  path: Type.String(),
  status: Type.Integer(),
  code: Type.Union([Type.String(), Type.Null()], { description: "Code of the problem answered." }),
  clientAddress: Type.String(),
  kept: Type.String({ description: "Why it has a row: all, trouble, slow or sample." }),
});

/** Shows what was asked of an organization's data, and how it was answered. */
export const listRequests: Operation = operation({
  id: "insight.requests",
  method: "GET",
  path: "/requests",
  summary: "List requests",
  description:
    "Answered requests of the caller's organization, newest first. Under load only a part of them has a row; metrics count all.",
  access: "insight:read",
  mode: "read",
  query: Type.Object({
    ...pageQuery,
    status: Type.Optional(
      Type.String({
        pattern: "^([1-5]xx|[1-5][0-9]{2})$",
        description: "A status, or a class such as 5xx.",
      }),
    ),
    method: Type.Optional(Type.String({ pattern: "^[A-Z]{1,16}$" })),
    route: Text("Template of a route, exactly."),
    trace: Type.Optional(Type.String({ pattern: "^[0-9a-f]{32}$" })),
    since: Type.Optional(
      Type.String({ format: "date-time", description: "Not before this time." }),
    ),
  }),
  replies: { 200: listOf(RequestBody) },
  example: { query: { limit: "10" } },
  handle: async ({ query, caller, ctx, cursor }) => {
    const { status, method, route, trace, since } = query;
    const limit = query.limit ?? 50;
    const before = cursor.after?.[0];
    const found = await ctx.get(Insight).requests({
      organization: caller.organization,
      limit: limit + 1,
      ...(status === undefined ? {} : { status }),
      ...(method === undefined ? {} : { method }),
      ...(route === undefined ? {} : { route }),
      ...(trace === undefined ? {} : { trace }),
      ...(since === undefined ? {} : { since: Date.parse(since) }),
      ...(typeof before === "number" ? { before } : {}),
    });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const isMore = found.length > limit && last !== undefined;
    return {
      data: page.map(({ row }) => view(row)),
      next: isMore ? cursor.next([last.position]) : null,
    };
  },
});

function view({ organization: _own, at, ...row }: RequestRow): Record<string, unknown> {
  return { ...row, at: toRfc3339(at), durationMs: Math.round(row.durationMs * 1_000) / 1_000 };
}
