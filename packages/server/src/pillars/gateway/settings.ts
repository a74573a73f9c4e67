import { Type } from "typebox";
import type { Static } from "typebox";
import { CacheSettings } from "./cache/settings.ts";
import { CompressionSettings } from "./compression/settings.ts";
import { CorsSettings } from "./cors/settings.ts";
import { RateLimits } from "portico/kernel";
import { checkSettings, openApiSettings } from "./openapi/settings.ts";
import { transformSettings } from "./transform/settings.ts";
import { lifecycleSettings, versioningSettings, versionSettings } from "./versions/settings.ts";
import { NamedUpstreamSettings, TimeoutSettings, UpstreamSettings } from "./upstream/index.ts";

const Auth = Type.Union(
  [Type.Literal("none"), Type.Literal("key"), Type.Literal("token"), Type.Literal("either")],
  {
    description:
      "Which credential a caller must send: none, an API key, a token, or either of the two.",
  },
);
const Permissions = Type.Array(Type.String(), {
  description: "What the caller must hold, all of it.",
});
const Path = Type.String({ pattern: "^/[^?#\\s]*$", maxLength: 1_024 });
const Ms = (fallback: number, description: string) =>
  Type.Integer({ minimum: 0, maximum: 86_400_000, default: fallback, description });

/** One event made of a successful call. */
export const EmitSettings = Type.Object({
  on: Type.Object(
    {
      method: Type.String({ pattern: "^[A-Z]+$" }),
      path: Path,
      status: Type.Optional(
        Type.Union([Type.Integer({ minimum: 200, maximum: 299 }), Type.Literal("2xx")], {
          default: "2xx",
        }),
      ),
    },
    { description: "Which calls; a path may name parts: /invoices/{id}/pay." },
  ),
  type: Type.String({ pattern: "^[a-zA-Z0-9_.-]{1,128}$", description: "Type of the event." }),
  data: Type.Optional(
    Type.Union([Type.String(), Type.Record(Type.String(), Type.String())], {
      default: "/response/body",
      description:
        "JSON pointer, or members each with a JSON pointer, into {request: {method, path, params, query, body}, response: {status, body}}.",
    }),
  ),
  subject: Type.Optional(Type.String({ description: "JSON pointer to what the event is about." })),
  key: Type.Optional(Type.String({ description: "JSON pointer to the key that orders events." })),
});

/** One route of an API. */
export const RouteSettings = Type.Object({
  ...checkSettings,
  path: Path,
  methods: Type.Optional(
    Type.Array(Type.String({ pattern: "^[A-Z]+$" }), {
      minItems: 1,
      description: "All when left out.",
    }),
  ),
  name: Type.Optional(Type.String({ description: "Its name in logs and metrics." })),
  auth: Type.Optional(Auth),
  permissions: Type.Optional(Permissions),
  rateLimit: Type.Optional(RateLimits),
  cache: Type.Optional(CacheSettings),
  timeouts: Type.Optional(Type.Partial(TimeoutSettings)),
  description: Type.Optional(Type.String({ description: "What it does, for `/api/docs`." })),
  active: Type.Optional(
    Type.Boolean({ default: true, description: "False takes the route out of the table." }),
  ),
  ...lifecycleSettings,
  ...transformSettings,
});

/** One version of an API. */
export const VersionSettings = Type.Object({
  ...versionSettings,
  upstream: Type.Optional(UpstreamSettings),
  routes: Type.Optional(
    Type.Array(RouteSettings, { description: "Its own routes; the API's when left out." }),
  ),
});

/** One fronted API. */
export const ApiSettings = Type.Object({
  id: Type.String({ pattern: "^[a-z][a-z0-9-]{0,62}$", description: "A word of its own." }),
  basePath: Type.Optional(Path),
  host: Type.Optional(Type.String({ description: "Serve this API only under this host name." })),
  upstream: UpstreamSettings,
  stripBasePath: Type.Optional(
    Type.Boolean({ default: false, description: "Take basePath off before forwarding." }),
  ),
  preserveHost: Type.Optional(
    Type.Boolean({
      default: false,
      description: "Send the caller's Host instead of the upstream's.",
    }),
  ),
  routes: Type.Optional(
    Type.Array(RouteSettings, { description: "All paths and methods when left out." }),
  ),
  auth: Type.Optional(Auth),
  permissions: Type.Optional(Permissions),
  rateLimit: Type.Optional(RateLimits),
  ...openApiSettings,
  cache: Type.Optional(CacheSettings),
  compression: Type.Optional(CompressionSettings),
  cors: Type.Optional(CorsSettings),
  forwardCredentials: Type.Optional(
    Type.Boolean({
      default: false,
      description: "Pass the caller's key or token on to the upstream.",
    }),
  ),
  identity: Type.Optional(
    Type.Boolean({
      default: true,
      description: "Tell the upstream who calls, in a signed header.",
    }),
  ),
  bodyBytesMax: Type.Optional(
    Type.Integer({ minimum: 0, description: "Largest request body; unlimited when 0." }),
  ),
  emitBodyBytesMax: Type.Optional(
    Type.Integer({
      minimum: 1_024,
      maximum: 10_485_760,
      default: 262_144,
      description:
        "Largest reply, and request, that an event is made of; beyond it the call is 502.",
    }),
  ),
  emits: Type.Optional(Type.Array(EmitSettings, { description: "Events of successful calls." })),
  versions: Type.Optional(
    Type.Array(VersionSettings, {
      minItems: 1,
      maxItems: 100,
      description: "Versions that are served side by side, oldest first.",
    }),
  ),
  ...versioningSettings,
  ...transformSettings,
  connectionsMax: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 512,
      description: "Connections to the upstream at one time.",
    }),
  ),
  keepAliveMs: Type.Optional(
    Ms(4_000, "Quiet time after which a connection to the upstream is closed."),
  ),
  timeouts: Type.Optional(Type.Partial(TimeoutSettings)),
  webSockets: Type.Optional(
    Type.Object(
      {
        max: Type.Optional(
          Type.Integer({
            minimum: 0,
            maximum: 1_000_000,
            default: 10_000,
            description: "Open at one time; beyond it 503. 0: none is let through.",
          }),
        ),
        idleMs: Type.Optional(
          Ms(300_000, "Without a byte either way, a socket is closed. 0: no limit."),
        ),
      },
      { description: "WebSockets to the application." },
    ),
  ),
});

/** What an operator sets under `gateway`. */
export const GatewaySettings = Type.Object({
  // What is set beside the file has revisions of its own: /gateway/apis.
  apis: Type.Array(ApiSettings, {
    stored: false,
    default: [],
    description: "The applications that Portico fronts.",
  }),
  cacheBytesMax: Type.Integer({
    minimum: 0,
    default: 67_108_864,
    description: "Memory for cached replies of all APIs, in bytes.",
  }),
  upstreams: Type.Array(NamedUpstreamSettings, {
    stored: false,
    default: [],
    description: "Groups of targets that APIs refer to by id.",
  }),
  // A bound on what may be set over the API is not itself set over the API.
  upstreamAllow: Type.Array(Type.String(), {
    stored: false,
    default: [
      "127.0.0.0/8",
      "::1/128",
      "10.0.0.0/8",
      "172.16.0.0/12",
      "192.168.0.0/16",
      "fc00::/7",
    ],
    description:
      "Networks in which upstreams may be that are set over the API. Those of this file may be anywhere.",
  }),
  discovery: Type.Boolean({
    default: true,
    description: "Lists the routes for everybody at `/api/docs`.",
  }),
  title: Type.String({ default: "API", description: "What `/api/docs` calls them together." }),
});

/** The settings as the kernel has accepted them. */
export type GatewaySettings = Static<typeof GatewaySettings>;
/** One fronted API as set. */
export type ApiSettings = Static<typeof ApiSettings>;
/** One version as set. */
export type VersionSettings = Static<typeof VersionSettings>;
/** One route as set. */
export type RouteSettings = Static<typeof RouteSettings>;
/** One emit as set. */
export type EmitSettings = Static<typeof EmitSettings>;
/** Whose credential a route asks for. */
export type Auth = Static<typeof Auth>;

/** The route of an API that names none: every path and method. */
export const EVERYTHING: RouteSettings = Object.freeze({ path: "/*" });
