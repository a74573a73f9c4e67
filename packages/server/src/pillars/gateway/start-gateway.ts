import { Buffer } from "node:buffer";
import { Authenticators, challengesOf, Limiters, ownUrl, RequestObservers } from "portico/kernel";
import type { PluginContext } from "portico/kernel";
import { openCacheRoom } from "./cache/index.ts";
import type { Call } from "./call.ts";
import type { GatewayParts } from "./front.ts";
import { identitySigner } from "./identity.ts";
import type { IdentitySigner } from "./identity.ts";
import { loadModules } from "./load-modules.ts";
import { failCall } from "./refuse.ts";
import { bodyBytesOf } from "./sample-bodies.ts";
import type { GatewaySettings } from "./settings.ts";
import type { StepParts } from "./steps.ts";
import { storeEvents } from "./store-events.ts";
import { indexOwnPaths, RouteTable } from "./table/index.ts";
import type { OwnPathIndex } from "./table/index.ts";
import { observeGroups, Upstreams } from "./upstream/index.ts";
import { VersionCallers } from "./versions/callers.ts";
import { WebSockets } from "./web-sockets/index.ts";

const SPANS_DRAWN = 512;
const PLACES_LOGGED = 5;

/** A gateway of one server, from its start to its stop. */
export interface RunningGateway {
  readonly parts: GatewayParts;
  readonly table: RouteTable;
  readonly ownPaths: OwnPathIndex;
  readonly signer: IdentitySigner;
  stop(): Promise<void>;
}

/** Puts the first table in force and ties calls to it. Throws `gateway.badConfig` with all mistakes. */
export async function startGateway(ctx: PluginContext<GatewaySettings>): Promise<RunningGateway> {
  const { secrets, clock, server } = ctx;
  const signer = identitySigner({ secrets, clock, issuer: server.publicUrl });
  const parts = stepParts(ctx, signer);
  const observer = observeGroups(ctx.meter, ctx.logger);
  const upstreams = new Upstreams({ clock, observer });
  const ownPaths = indexOwnPaths(server);
  const callers = new VersionCallers(ctx);
  const table = new RouteTable({
    ...ctx,
    config: ctx.settings,
    ownHost: server.ownHost,
    ownPaths,
    parts,
    upstreams,
    callers,
    loadModules: (paths) => loadModules(paths, server.configFolder),
    reading: {
      outbound: ctx.outbound,
      ...(server.configFolder === undefined ? {} : { folder: server.configFolder }),
    },
  });
  await table.start();
  openGauges(ctx, upstreams);
  const { webSockets } = parts;
  ctx.meter.gauge("gateway_websockets", "Open WebSockets", () => webSockets.count);
  return {
    table,
    ownPaths,
    signer,
    parts: {
      ...parts,
      clock,
      observers: ctx.contributions(RequestObservers).map(({ value }) => value),
      count: counter(ctx),
      router: () => table.router,
      failed: (call, error) => failCall(parts, call, error),
    },
    stop: async () => {
      table.stop();
      await Promise.all([callers.flush(), parts.cache.changed.settle()]);
    },
  };
}

function stepParts(ctx: PluginContext<GatewaySettings>, identity: IdentitySigner): StepParts {
  const { access, clock, logger, server } = ctx;
  const authenticators = ctx.contributions(Authenticators).map(({ value }) => value);
  return {
    access,
    monotonic: clock.monotonic,
    webSockets: new WebSockets(clock),
    bodyBytes: bodyBytesOf(ctx.contributions(RequestObservers).map(({ value }) => value)),
    logger,
    identity,
    authenticators,
    limiter: ctx.contributions(Limiters)[0]?.value,
    get challenges() {
      return challengesOf(authenticators);
    },
    docsUrl: () => `${ownUrl(server)}/docs/errors`,
    via: `portico-${Buffer.from(ctx.secrets.derive("gateway.via")).toString("hex", 0, 6)}`,
    makeSpan: spanMaker(ctx.fillRandom),
    after: clock.after,
    cache: openCacheRoom(ctx, ctx.settings.cacheBytesMax),
    store: (call, held, requestBody) => storeEvents(ctx, call, { held, requestBody }),
    replyInvalid: invalidReplies(ctx),
  };
}

/** Counts replies that do not fit their document, and tells the log where; the caller is told nothing of it. */
function invalidReplies({
  meter,
  logger,
}: PluginContext<GatewaySettings>): StepParts["replyInvalid"] {
  const invalid = meter.counter(
    "gateway_invalid_replies_total",
    "Replies that did not fit the API's OpenAPI document, by route template",
    ["http_route"],
  );
  return ({ route, front }, places) => {
    invalid.add(1, { http_route: route.template });
    const told = places.slice(0, PLACES_LOGGED);
    logger.warn(
      { route: route.id, requestId: front.requestId, count: places.length, places: told },
      "a reply does not fit its document",
    );
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

function openGauges({ meter }: PluginContext<GatewaySettings>, upstreams: Upstreams): void {
  const of = (key: keyof Upstreams["counts"]) => (): number => upstreams.counts[key];
  meter.gauge("gateway_upstream_connections", "Open connections to upstreams", of("open"));
  meter.gauge("gateway_upstream_waiting", "Calls that wait for a connection", of("waiting"));
  meter.gauge(
    "gateway_upstream_targets_unavailable",
    "Targets that are not called",
    of("unavailable"),
  );
}
