import { listOf, operation, pageQuery } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import type { Static } from "typebox";
import { Insight } from "../capability.ts";
import { RequestView, viewRequest } from "../requests/index.ts";
import type { RequestFilters } from "../requests/index.ts";
import { scopeOf, ScopeQuery } from "../scope.ts";

const Text = (description: string, maxLength = 512) =>
  Type.Optional(Type.String({ description, maxLength }));
const Time = (description: string) =>
  Type.Optional(Type.String({ format: "date-time", description }));

const Filters = {
  status: Type.Optional(
    Type.String({
      pattern: "^([1-5]xx|[1-5][0-9]{2})$",
      description: "A status, or a class such as 5xx.",
    }),
  ),
  method: Type.Optional(Type.String({ pattern: "^[A-Z]{1,16}$" })),
  route: Text("Template of a route, exactly."),
  api: Text("Id of a fronted API; `portico` for own operations."),
  version: Text("Version of the API, exactly."),
  key: Text("Id of the key that was used."),
  subject: Text("Who asked: a key's or a user's id."),
  code: Text("Code of the problem answered: `access.forbidden`."),
  trace: Type.Optional(Type.String({ pattern: "^[0-9a-f]{32}$" })),
  search: Text("The id of a request, or a trace."),
  since: Time("Not before this time."),
  until: Time("Before this time."),
  slow: Type.Optional(
    Type.Integer({ minimum: 0, description: "Took at least so many milliseconds." }),
  ),
};
const Query = Type.Object({ ...pageQuery, ...Filters, scope: ScopeQuery });

/** Shows what was asked of an organization's data, and how it was answered. */
export const listRequests: Operation = operation({
  id: "insight.requests",
  method: "GET",
  path: "/requests",
  summary: "List requests",
  description:
    "Answered requests of the caller's organization, newest first, of the process that answers. Under load only a part of them has a row; analytics and metrics count all.",
  access: "insight:read",
  mode: "read",
  query: Query,
  replies: { 200: listOf(RequestView) },
  errors: ["access.forbidden"],
  example: { query: { limit: "10" } },
  handle: async ({ query, caller, ctx, cursor }) => {
    const scope = scopeOf(ctx, caller, query.scope);
    const limit = query.limit ?? 50;
    const before = cursor.after?.[0];
    const found = await ctx.get(Insight).requests({
      ...filtersOf(query),
      ...(scope === "instance" ? {} : { organization: scope.organization }),
      limit: limit + 1,
      ...(typeof before === "number" ? { before } : {}),
    });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const isMore = found.length > limit && last !== undefined;
    return {
      data: page.map(({ row }) => viewRequest(row)),
      next: isMore ? cursor.next([last.position]) : null,
    };
  },
});

function filtersOf(query: Static<typeof Query>): RequestFilters {
  const { key, since, until } = query;
  const filters = {
    status: query.status,
    method: query.method,
    route: query.route,
    api: query.api,
    version: query.version,
    credential: key,
    subject: query.subject,
    code: query.code,
    trace: query.trace,
    search: query.search,
    since: since === undefined ? undefined : Date.parse(since),
    until: until === undefined ? undefined : Date.parse(until),
    slow: query.slow,
  };
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined));
}
