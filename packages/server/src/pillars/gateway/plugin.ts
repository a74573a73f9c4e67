import { Buffer } from "node:buffer";
import {
  add,
  Authenticators,
  definePlugin,
  Explainers,
  Fronts,
  Limiters,
  Pages,
  provide,
  RequestObservers,
} from "portico/kernel";
import type { AnyPlugin, Page, PluginContext } from "portico/kernel";
import { bodyBytesOf } from "./sample-bodies.ts";
import type { Call } from "./call.ts";
import { openCacheRoom } from "./cache/index.ts";
import { Gateway } from "./capability.ts";
import type { GatewayFace, RouteView } from "./capability.ts";
import { compile } from "./compile.ts";
import type { CompileOptions, Compiled } from "./compile.ts";
import { gatewayErrors, raise } from "./errors.ts";
import { gatewayExplainer } from "./explain.ts";
import { gatewayFront } from "./front.ts";
import type { GatewayParts } from "./front.ts";
import { identitySigner } from "./identity.ts";
import type { IdentitySigner } from "./identity.ts";
import { loadModules } from "./load-modules.ts";
import { createVersionCallers } from "./migrations/0010-version-callers.ts";
import { listRoutes } from "./operations/list-routes.ts";
import { purgeCache } from "./operations/purge-cache.ts";
import { listVersionCallers } from "./operations/list-version-callers.ts";
import { gatewayPermissions } from "./permissions.ts";
import { failCall } from "./refuse.ts";
import type { Route } from "./call.ts";
import { GatewaySettings } from "./settings.ts";
import type { StepParts } from "./steps.ts";
import { storeEvents } from "./store-events.ts";
import { observeGroups, Upstreams } from "./upstream/index.ts";
import { VersionCallers } from "./versions/callers.ts";
import { changePaths } from "./versions/plan.ts";
import { WebSockets } from "./web-sockets/index.ts";

const SPANS_DRAWN = 512;

/**
 * Makes the gateway. Each server gets its own, since it holds that server's table and connections.
 *
 * @example
 * export default defineConfig({
 *   plugins: [gateway()],
 *   settings: { gateway: { apis: [{ id: "shop", upstream: "http://127.0.0.1:3000", auth: "key" }] } },
 * });
 */
export function gateway(): AnyPlugin {
  let running: GatewayParts | undefined;
  let signer: IdentitySigner | undefined;
  return definePlugin({
    id: "gateway",
    version: "1.0.0",
    engine: "^1",
    settings: GatewaySettings,
    permissions: gatewayPermissions,
    errors: gatewayErrors,
    tables: { gateway_version_callers: "instance" },
    migrations: [createVersionCallers],
    operations: [listRoutes, purgeCache, listVersionCallers],
    provides: [Gateway],
    contributes: [
      add(
        Fronts,
        gatewayFront(() => running),
      ),
      add(
        Explainers,
        gatewayExplainer(() => running),
      ),
      add(
        Pages,
        keySetPage(() => signer),
      ),
    ],
    start: async (ctx) => {
      signer = signerOf(ctx);
      const parts = stepParts(ctx, signer);
      const observer = observeGroups(ctx.meter, ctx.logger);
      const upstreams = new Upstreams({ clock: ctx.clock, observer });
      const paths = ctx.settings.apis.flatMap(changePaths);
      const modules = await loadModules(paths, ctx.server.configFolder);
      const callers = new VersionCallers(ctx);
      const compiled = compileOrRefuse(ctx, { parts, upstreams, modules, callers });
      running = {
        ...parts,
        clock: ctx.clock,
        observers: ctx.contributions(RequestObservers).map(({ value }) => value),
        count: counter(ctx),
        router: () => compiled.router,
        failed: (call, error) => failCall(parts, call, error),
      };
      openGauges(ctx, upstreams, parts);
      return {
        provides: [provide(Gateway, faceOf(compiled, parts))],
        stop: async () => {
          running = undefined;
          compiled.release();
          await callers.flush();
        },
      };
    },
  });
}

function signerOf({ secrets, clock, server }: PluginContext<GatewaySettings>): IdentitySigner {
  return identitySigner({ secrets, clock, issuer: server.publicUrl });
}

/** The keys with which upstreams check who calls (RFC 7517). */
function keySetPage(signer: () => IdentitySigner | undefined): Page {
  return {
    path: "/.well-known/jwks.json",
    serve: () => ({
      status: 200,
      headers: { "content-type": "application/jwk-set+json", "cache-control": "max-age=300" },
      body: signer()?.keySet ?? '{"keys":[]}',
    }),
  };
}

function faceOf(compiled: Compiled, { cache }: StepParts): GatewayFace {
  const routes = compiled.routes.map(viewOf);
  return { routes: () => routes, purgeCache: (purge) => void cache.store.purge(purge) };
}

function compileOrRefuse(
  ctx: PluginContext<GatewaySettings>,
  given: Omit<CompileOptions, "clock" | "ownPaths">,
): Compiled {
  const { clock, settings } = ctx;
  const compiled = compile(settings, { clock, ...given, ownPaths: ctx.server.ownPaths() });
  if (!("mistakes" in compiled)) return compiled;
  const { mistakes } = compiled;
  throw raise("gateway.badConfig", {
    params: { count: mistakes.length, mistakes: mistakes.join("; ") },
    errors: mistakes.map((detail) => ({ pointer: "/gateway/apis", detail })),
  });
}

function stepParts(ctx: PluginContext<GatewaySettings>, identity: IdentitySigner): StepParts {
  const { access, clock, logger, server } = ctx;
  const authenticators = ctx.contributions(Authenticators).map(({ value }) => value);
  return {
    access,
    monotonic: clock.monotonic,
    bodyBytes: bodyBytesOf(ctx.contributions(RequestObservers).map(({ value }) => value)),
    webSockets: new WebSockets(clock),
    logger,
    identity,
    authenticators,
    limiter: ctx.contributions(Limiters)[0]?.value,
    challenges: [...new Set(authenticators.map(({ challenge }) => challenge))].join(", "),
    docsUrl: () => `${server.publicUrl()}${server.basePath}/docs/errors`,
    via: `portico-${Buffer.from(ctx.secrets.derive("gateway.via")).toString("hex", 0, 6)}`,
    makeSpan: spanMaker(ctx.fillRandom),
    after: clock.after,
    cache: openCacheRoom(ctx, ctx.settings.cacheBytesMax),
    store: (call, held, requestBody) => storeEvents(ctx, call, { held, requestBody }),
  };
}

/** Span ids (W3C Trace Context §3.2.2.4) from a pool: one draw for each request costs more than the rest of its head. */
function spanMaker(fill: (bytes: Uint8Array) => void): () => string {
  const pool = Buffer.alloc(SPANS_DRAWN * 8);
  let used = pool.length;
  return () => {
    if (used === pool.length) {
      fill(pool);
      used = 0;
    }
    used += 8;
    return pool.toString("hex", used - 8, used);
  };
}

function counter(ctx: PluginContext<GatewaySettings>): GatewayParts["count"] {
  const duration = ctx.meter.histogram(
    "gateway_request_duration_seconds",
    "How long fronted calls took, by route template",
    ["http_request_method", "http_route", "http_response_status_code"],
  );
  return ({ front, route }: Call, status, durationMs) => {
    duration.observe(durationMs / 1_000, {
      http_request_method: front.request.method ?? "GET",
      http_route: route.template,
      http_response_status_code: String(status),
    });
  };
}

function openGauges(
  { meter }: PluginContext<GatewaySettings>,
  upstreams: Upstreams,
  { webSockets }: StepParts,
): void {
  meter.gauge("gateway_websockets", "Open WebSockets", () => webSockets.count);
  const of = (key: keyof Upstreams["counts"]) => (): number => upstreams.counts[key];
  meter.gauge("gateway_upstream_connections", "Open connections to upstreams", of("open"));
  meter.gauge("gateway_upstream_waiting", "Calls that wait for a connection", of("waiting"));
  meter.gauge(
    "gateway_upstream_targets_unavailable",
    "Targets that are not called",
    of("unavailable"),
  );
}

function viewOf(route: Route): RouteView {
  const { id, api, template, methods, auth, permissions, rates, emits, version } = route;
  return {
    id,
    api: api.id,
    version: version?.id ?? null,
    deprecated: route.lifecycle?.deprecatedMs !== undefined,
    host: api.host ?? null,
    path: template,
    methods: methods ?? null,
    upstream: api.upstreamLabel,
    auth,
    permissions,
    rateLimit: rates,
    emits: emits.map(({ type }) => type),
  };
}
