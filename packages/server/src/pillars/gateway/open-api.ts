import type { Api } from "./call.ts";
import { compressionRules } from "./compression/index.ts";
import { readCors } from "./cors/index.ts";
import type { ApiSettings, EmitSettings } from "./settings.ts";
import { isOf } from "./table/reuse.ts";
import type { ApiUnit, Made, OpenedApi } from "./table/reuse.ts";
import { readUpstream } from "./upstream/index.ts";
import type { ReadUpstream, Upstream } from "./upstream/index.ts";
import type { CompileOptions, Work } from "./work.ts";

/** What an upstream is opened for. */
export interface ToOpen {
  /** As they are for this upstream. */
  readonly settings: ApiSettings;
  /** The settings that name it: whose they are decides where it may be. */
  readonly definedBy: object;
  readonly rest: object;
  readonly before: Made<OpenedApi> | undefined;
}

/** An API on its way, as its routes are compiled. */
export interface ApiInWork {
  readonly settings: ApiSettings;
  readonly before: ApiUnit | undefined;
  readonly rest: object;
  readonly opened: Made<OpenedApi>;
  readonly used: Set<EmitSettings>;
}

/** What the routes of an API come to. */
export type Routed = Pick<ApiUnit, "standing" | "routes" | "sets" | "versions" | "opened">;

/** The group that an upstream names, and the networks that it is held to. */
export function groundOf(
  upstream: ApiSettings["upstream"],
  definedBy: object,
  { united }: Work,
): readonly unknown[] {
  const named = typeof upstream === "string" ? united.named.get(upstream) : undefined;
  return [named, united.allowFor(named ?? definedBy)];
}

/** Opens an upstream, which the table then holds; what it belongs to is taken over where it is the same. */
export function openApi(
  { settings, definedBy, rest, before }: ToOpen,
  work: Work,
): Made<OpenedApi> | undefined {
  const { united, mistakes } = work;
  const ground = groundOf(settings.upstream, definedBy, work);
  const parts = [rest, settings.upstream, settings.basePath, ...ground];
  if (isOf(before, parts)) {
    hold(before.value.options, work);
    return before;
  }
  const upstream = readUpstream(settings.upstream, {
    named: united.upstreams,
    allowFor: united.allowFor,
    definedBy,
    connectionsMax: settings.connectionsMax ?? 512,
    keepAliveMs: settings.keepAliveMs ?? 4_000,
  });
  if ("mistakes" in upstream) {
    mistakes.push(...upstream.mistakes.map((each) => `api '${settings.id}': its upstream ${each}`));
    return undefined;
  }
  const pool = hold(upstream.options, work);
  const api = buildApi(settings, { upstream, pool }, work);
  return { parts, value: { api, options: upstream.options } };
}

/** Holds an upstream for the table. */
export function hold(options: ReadUpstream["options"], { upstreams, held }: Work): Upstream {
  const pool = upstreams.hold(options);
  held.push(pool);
  return pool;
}

interface OpenUpstream {
  readonly upstream: ReadUpstream;
  readonly pool: Upstream;
}

function buildApi(
  settings: ApiSettings,
  { upstream, pool }: OpenUpstream,
  { clock, mistakes }: CompileOptions,
): Api {
  const basePath = trimmed(settings.basePath ?? "/");
  return {
    id: settings.id,
    basePath,
    host: settings.host?.toLowerCase(),
    pool,
    upstreamLabel: upstream.label,
    upstreamHost: settings.preserveHost === true ? undefined : upstream.host,
    upstreamPath: upstream.path,
    retryBodyBytesMax: upstream.retryBodyBytesMax,
    webSockets: {
      max: settings.webSockets?.max ?? 10_000,
      idleMs: settings.webSockets?.idleMs ?? 300_000,
    },
    clock,
    stripLength: settings.stripBasePath === true && basePath !== "/" ? basePath.length : 0,
    forwardsCredentials: settings.forwardCredentials ?? false,
    sendsIdentity: settings.identity ?? true,
    bodyBytesMax: settings.bodyBytesMax ?? 0,
    emitBodyBytesMax: settings.emitBodyBytesMax ?? 262_144,
    compression: compressionRules(settings.compression),
    cors: readCors(settings, mistakes),
  };
}

/** Without the slash at its end. */
export function trimmed(path: string): string {
  return path === "/" ? path : path.replace(/\/$/, "");
}
