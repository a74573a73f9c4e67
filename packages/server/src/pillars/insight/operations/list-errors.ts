import { listOf, operation, pageQuery } from "portico/kernel";
import type { Operation, Read } from "portico/kernel";
import { Type } from "typebox";
import { Insight } from "../capability.ts";
import { ErrorView, viewError } from "../failures/index.ts";
import type { ErrorRow, ErrorState, InsightTables } from "../tables.ts";

const Text = (description: string) => Type.Optional(Type.String({ description, maxLength: 512 }));

interface Wanted {
  readonly state: ErrorState | "all";
  readonly kind: string | undefined;
  readonly place: string | undefined;
  readonly code: string | undefined;
  readonly after: readonly (string | number)[] | undefined;
  readonly limit: number;
}

/** `GET /errors`: those that happened last come first. */
export const listErrors: Operation = operation({
  id: "insight.errors",
  method: "GET",
  path: "/errors",
  summary: "List errors",
  description:
    "Failures of requests (from 500 on), upstreams, jobs and plugins, grouped by what they have in common; what happened last comes first.",
  access: "insight:read",
  mode: "read",
  query: Type.Object({
    ...pageQuery,
    state: Type.Optional(
      Type.Union(
        [
          Type.Literal("open"),
          Type.Literal("resolved"),
          Type.Literal("muted"),
          Type.Literal("all"),
        ],
        { default: "open" },
      ),
    ),
    kind: Text("operation, gateway, upstream, job, plugin or application."),
    place: Text("Route with its method, job or reaction, exactly."),
    code: Text("Code of the problem, exactly."),
  }),
  replies: { 200: listOf(ErrorView) },
  example: { query: { state: "all" } },
  handle: async ({ query, ctx, read, cursor }) => {
    const { state = "open", kind, place, code, limit = 50 } = query;
    // What this process has just met is told of as well.
    await ctx.get(Insight).flush();
    const rows = await find(read, {
      state,
      kind,
      place,
      code,
      after: cursor.after,
      limit: limit + 1,
    });
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map(viewError),
      next: last === undefined ? null : cursor.next([last.last_at, last.id]),
    };
  },
});

async function find(read: Read, wanted: Wanted): Promise<readonly ErrorRow[]> {
  const { state, kind, place, code, after, limit } = wanted;
  let select = read.db<InsightTables>().selectFrom("insight_errors").selectAll();
  if (state !== "all") select = select.where("state", "=", state);
  if (kind !== undefined) select = select.where("kind", "=", kind);
  if (place !== undefined) select = select.where("place", "=", place);
  if (code !== undefined) select = select.where("code", "=", code);
  if (after !== undefined) {
    const [at = 0, id = ""] = after;
    select = select.where((row) =>
      row.or([
        row("last_at", "<", Number(at)),
        row.and([row("last_at", "=", Number(at)), row("id", "<", String(id))]),
      ]),
    );
  }
  return await select.orderBy("last_at", "desc").orderBy("id", "desc").limit(limit).execute();
}
