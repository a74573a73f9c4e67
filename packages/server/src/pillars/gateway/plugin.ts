import { Buffer } from "node:buffer";
import {
  add,
  Authenticators,
  Checks,
  CliVerbs,
  definePlugin,
  Explainers,
  Fronts,
  Limiters,
  ownUrl,
  Pages,
  Permissions,
  provide,
  RequestObservers,
} from "portico/kernel";
import type { AnyPlugin, Page, PluginContext } from "portico/kernel";
import { bodyBytesOf } from "./sample-bodies.ts";
import type { Call } from "./call.ts";
import { openCacheRoom } from "./cache/index.ts";
import { Gateway } from "./capability.ts";
import { routeVerbs } from "./cli.ts";
import { discoveryPages } from "./discovery.ts";
import { gatewayErrors } from "./errors.ts";
import { gatewayEvents } from "./events.ts";
import { gatewayExplainer } from "./explain.ts";
import { gatewayFace } from "./face.ts";
import { gatewayFront } from "./front.ts";
import type { GatewayParts } from "./front.ts";
import { identitySigner } from "./identity.ts";
import type { IdentitySigner } from "./identity.ts";
import { createTable } from "./migrations/0001-create-table.ts";
import { createVersionCallers } from "./migrations/0010-version-callers.ts";
import { gatewayOperations } from "./operations/index.ts";
import { loadModules } from "./load-modules.ts";
import { gatewayPermissions } from "./permissions.ts";
import { failCall } from "./refuse.ts";
import { GatewaySettings } from "./settings.ts";
import type { StepParts } from "./steps.ts";
import { storeEvents } from "./store-events.ts";
import { tableCheck } from "./table-check.ts";
import { indexOwnPaths, permissionsOf, RouteTable, Table } from "./table/index.ts";
import { gatewayTables } from "./tables.ts";
import { observeGroups, Upstreams } from "./upstream/index.ts";
import { VersionCallers } from "./versions/callers.ts";
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
  let inForce: RouteTable | undefined;
  return definePlugin({
    id: "gateway",
    version: "1.0.0",
    engine: "^1",
    settings: GatewaySettings,
    permissions: gatewayPermissions,
    errors: gatewayErrors,
    events: gatewayEvents,
    tables: { ...gatewayTables, gateway_version_callers: "instance" },
    migrations: [createTable, createVersionCallers],
    operations: gatewayOperations,
    provides: [Gateway, Table],
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
      add(Permissions, {
        has: (permission) => inForce !== undefined && permissionsOf(inForce).has(permission),
      }),
      add(Checks, tableCheck),
      ...discoveryPages.map((page) => add(Pages, page)),
      ...routeVerbs.map((verb) => add(CliVerbs, verb)),
    ],
    start: async (ctx) => {
      signer = signerOf(ctx);
      const parts = stepParts(ctx, signer);
      const observer = observeGroups(ctx.meter, ctx.logger);
      const upstreams = new Upstreams({ clock: ctx.clock, observer });
      const ownPaths = indexOwnPaths(ctx.server);
      const callers = new VersionCallers(ctx);
      const table = new RouteTable({
        ...ctx,
        config: ctx.settings,
        ownHost: ctx.server.ownHost,
        ownPaths,
        parts,
        upstreams,
        callers,
        loadModules: (paths) => loadModules(paths, ctx.server.configFolder),
      });
      await table.start();
      running = {
        ...parts,
        clock: ctx.clock,
        observers: ctx.contributions(RequestObservers).map(({ value }) => value),
        count: counter(ctx),
        router: () => table.router,
        failed: (call, error) => failCall(parts, call, error),
      };
      inForce = table;
      openGauges(ctx, upstreams, parts);
      return {
        provides: [
          provide(Gateway, gatewayFace(ctx, { table, ownPaths, cache: parts.cache })),
          provide(Table, table),
        ],
        stop: async () => {
          running = undefined;
          inForce = undefined;
          table.stop();
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
    docsUrl: () => `${ownUrl(server)}/docs/errors`,
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
