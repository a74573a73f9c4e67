import { listOf, operation, pageQuery, toRfc3339 } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import type { VersionCallerRow, VersionCallerTables } from "../versions/tables.ts";

const CallerBody = Type.Object({
  api: Type.String(),
  version: Type.String(),
  organization: Type.String({ description: "Empty for callers that were not told apart." }),
  subject: Type.String({ description: "Id of the key, the user or the client." }),
  kind: Type.String({ description: "key, user, client, anonymous; other when not told apart." }),
  route: Type.Union([Type.String(), Type.Null()], {
    description: "The route, where it is outdated by itself.",
  }),
  calls: Type.Integer(),
  firstAt: Type.String({ format: "date-time" }),
  lastAt: Type.String({ format: "date-time" }),
});

/** Who still calls a version: the question before it is switched off. */
export const listVersionCallers: Operation = operation({
  id: "gateway.versionCallers",
  method: "GET",
  path: "/gateway/versions/{version}/callers",
  summary: "List who calls a version of a fronted API",
  access: "gateway:read",
  mode: "read",
  params: Type.Object({
    version: Type.String({
      maxLength: 64,
      description: "Its id; `unversioned` for outdated routes of APIs without versions.",
    }),
  }),
  query: Type.Object(
    {
      api: Type.Optional(Type.String({ maxLength: 64, description: "All APIs when left out." })),
      organization: Type.Optional(Type.String({ maxLength: 64 })),
      ...pageQuery,
    },
    { additionalProperties: false },
  ),
  replies: { 200: listOf(CallerBody) },
  example: { path: { version: "v1" }, query: { api: "shop" } },
  async handle({ path, query, cursor, ctx }) {
    const limit = query.limit ?? 50;
    const { api, organization } = query;
    const after = cursor.after?.map(String);
    // Rows of the installation: whoever may see the gateway sees the callers of all organizations.
    let select = ctx.store
      .read("instance")
      .db<VersionCallerTables>()
      .selectFrom("gateway_version_callers")
      .selectAll()
      .where("version", "=", path.version);
    if (api !== undefined) select = select.where("api", "=", api);
    if (organization !== undefined) select = select.where("organization", "=", organization);
    if (after !== undefined) {
      const [lastApi = "", lastOrganization = "", lastSubject = "", lastRoute = ""] = after;
      select = select.where((row) =>
        row(
          row.refTuple("api", "organization", "subject", "route"),
          ">",
          row.tuple(lastApi, lastOrganization, lastSubject, lastRoute),
        ),
      );
    }
    const rows = await select
      .orderBy("api")
      .orderBy("organization")
      .orderBy("subject")
      .orderBy("route")
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return { data: page.map(toBody), next: last === undefined ? null : cursor.next(keyOf(last)) };
  },
});

function keyOf({ api, organization, subject, route }: VersionCallerRow): readonly string[] {
  return [api, organization, subject, route];
}

function toBody(row: VersionCallerRow) {
  return {
    api: row.api,
    version: row.version,
    organization: row.organization,
    subject: row.subject,
    kind: row.kind,
    route: row.route === "" ? null : row.route,
    calls: row.calls,
    firstAt: toRfc3339(row.first_at),
    lastAt: toRfc3339(row.last_at),
  };
}
