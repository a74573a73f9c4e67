import { toRfc3339 } from "portico/kernel";
import { Type } from "typebox";
import type { TSchema } from "typebox";
import { ApiSettings, RouteSettings, VersionSettings } from "../settings.ts";
import type { TableObject } from "../table/objects.ts";
import { NamedUpstreamSettings } from "../upstream/index.ts";
import { withoutDefaults } from "./without-defaults.ts";

/** Path parameters of one object. */
export const ById = Type.Object({ id: Type.String({ maxLength: 2_048 }) });

/** What is shown of every object beside its settings. */
const shown = {
  source: Type.String({ description: "`config` or `api`: who may change it." }),
  revision: Type.Integer({ description: "0 for what the configuration says." }),
  createdAt: Type.Union([Type.String(), Type.Null()]),
  updatedAt: Type.Union([Type.String(), Type.Null()]),
};

// Hooks and changes are code: only the configuration may name it.
const { hooks: _routeHooks, ...routeFields } = withoutDefaults(RouteSettings).properties;
const Route = Type.Object(routeFields);
const GivenRoute = Type.Object(routeFields, { additionalProperties: false });
// A path or an address would be read by the server: over the API a document is given itself.
const OpenApi = Type.Record(Type.String(), Type.Unknown(), {
  description: "The OpenAPI document itself, 3.0 or 3.1. Its operations become the routes.",
});
const Upstream = withoutDefaults(NamedUpstreamSettings);
const Version = withoutDefaults(VersionSettings);
const {
  routes: _routes,
  versions: _versions,
  hooks: _hooks,
  openapi: _openapi,
  openapiRemoteRefs: _remoteRefs,
  ...apiFields
} = withoutDefaults(ApiSettings).properties;
const { id: _id, ...apiChanges } = apiFields;
const {
  changes: _changes,
  routes: _versionRoutes,
  openapi: _versionOpenapi,
  ...versionWords
} = Version.properties;
const versionFields = {
  ...versionWords,
  routes: Type.Optional(
    Type.Array(Route, { description: "Its own routes; the API's when left out." }),
  ),
};
const { id: _versionId, ...versionChanges } = versionFields;
const { id: _upstreamId, ...upstreamChanges } = Upstream.properties;

const OnlyAdded = Type.Optional(
  Type.Array(Type.Never(), {
    maxItems: 0,
    description: "`[]`: only the routes that are added. Left out: every path and method.",
  }),
);

/** An API as it is added. Its routes, when given, become rows of their own. */
export const NewApiBody = Type.Object(
  {
    ...apiFields,
    openapi: Type.Optional(OpenApi),
    routes: Type.Optional(Type.Array(GivenRoute, { maxItems: 5_000 })),
  },
  { additionalProperties: false },
);
/** An API as it is changed. */
export const ApiChangeBody = patchOf({ ...apiChanges, openapi: OpenApi, routes: OnlyAdded });
/** An API as it is shown. */
export const ApiBody = Type.Object({
  ...apiFields,
  routes: Type.Optional(
    Type.Array(Route, { description: "Those that are written in the API itself." }),
  ),
  ...shown,
});
/** A named upstream as it is added. */
export const NewUpstreamBody = Type.Object(Upstream.properties, {
  additionalProperties: false,
});
/** A named upstream as it is changed. */
export const UpstreamChangeBody = patchOf(upstreamChanges);
/** A named upstream as it is shown. */
export const UpstreamBody = Type.Object({ ...Upstream.properties, ...shown });
const VersionApi = Type.String({
  description: "The API's id; may be left out where there is one.",
});

/** A version as it is added. */
export const NewVersionBody = Type.Object(
  {
    ...versionFields,
    openapi: Type.Optional(OpenApi),
    api: Type.Optional(VersionApi),
    current: Type.Optional(
      Type.Boolean({ description: "Make it what a call gets that asks for no version." }),
    ),
  },
  { additionalProperties: false },
);
/** A version as it is changed. */
export const VersionChangeBody = patchOf({ ...versionChanges, openapi: OpenApi });
/** A version as it is shown. */
export const VersionBody = Type.Object({
  ...versionFields,
  api: Type.String(),
  current: Type.Boolean({ description: "What a call gets that asks for no version." }),
  ...shown,
});
/** Path parameter of one version. */
export const ByVersion = Type.Object({
  version: Type.String({
    maxLength: 128,
    description: "Its id, with the API's before it where several have it: `shop:2026-11-01`.",
  }),
});
/** A route as it is added. */
export const NewRouteBody = Type.Object(
  {
    ...Route.properties,
    api: Type.Optional(
      Type.String({ description: "The API's id; may be left out where there is one." }),
    ),
    version: Type.Optional(Type.String({ description: "Only in this version of the API." })),
  },
  { additionalProperties: false },
);
/** A row of a route as it was set; `GET /gateway/routes` shows what counts for it. */
export const RouteRow = Type.Object({
  id: Type.String(),
  api: Type.String(),
  version: Type.Optional(Type.String()),
  ...Route.properties,
  ...shown,
});
/** A route as it is changed. */
export const RouteChangeBody = patchOf(Route.properties);

/** Every field may be left out, which keeps it, or be null, which takes it away. */
function patchOf<TFields extends Readonly<Record<string, TSchema>>>(fields: TFields) {
  const open = Object.fromEntries(
    Object.entries(fields).map(([name, schema]) => [
      name,
      Type.Optional(Type.Union([schema, Type.Null()])),
    ]),
  );
  return Type.Object(open, { additionalProperties: false, minProperties: 1 });
}

/** A row with its settings, as it is answered. */
export function viewOfObject(object: TableObject): Readonly<Record<string, unknown>> {
  const { settings, revision, createdAt, updatedAt } = object;
  return {
    ...settings,
    source: "api",
    revision,
    createdAt: toRfc3339(createdAt),
    updatedAt: toRfc3339(updatedAt),
  };
}

/** What the configuration says, as it is answered. */
export function viewOfConfig(settings: object): Readonly<Record<string, unknown>> {
  return { ...settings, source: "config", revision: 0, createdAt: null, updatedAt: null };
}

/** A route's row, as it is answered. */
export function viewOfRow(object: TableObject): Readonly<Record<string, unknown>> {
  return { ...viewOfObject(object), id: object.id, api: object.api };
}
