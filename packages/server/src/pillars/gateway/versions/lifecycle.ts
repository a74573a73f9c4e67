import type { MistakeList } from "../mistakes.ts";
import type { BrownoutSettings, LifecycleSettings } from "./settings.ts";

/** When something is outdated, gone, or away for a while, in ms since 1970. */
export interface Lifecycle {
  /** 0 when it is outdated since an unknown time. */
  readonly deprecatedMs: number | undefined;
  readonly sunsetMs: number | undefined;
  readonly brownouts: readonly Brownout[];
  readonly link: string | undefined;
  readonly successor: string | undefined;
}

/** One span, or a rhythm of spans: from is in it, to is not. */
export interface Brownout {
  readonly fromMs: number;
  readonly toMs: number;
  /** 0 for one span. */
  readonly everyMs: number;
  readonly lastsMs: number;
}

/** Reads what is set; adds to `mistakes` what cannot be. `place` names it there: "version 'v1'". */
export function readLifecycle(
  settings: LifecycleSettings,
  place: string,
  mistakes: MistakeList,
): Lifecycle | undefined {
  const { deprecated, deprecatedAt, sunsetAt, link, successor, brownouts = [] } = settings;
  const time = (name: string, text: string | undefined): number | undefined => {
    const ms = text === undefined ? undefined : readTime(text);
    if (text !== undefined && ms === undefined) {
      mistakes.push(`${place}: ${name} '${text}' is no day or time of the calendar`);
    }
    return ms;
  };
  const lifecycle: Lifecycle = {
    deprecatedMs: time("deprecatedAt", deprecatedAt) ?? (deprecated === true ? 0 : undefined),
    sunsetMs: time("sunsetAt", sunsetAt),
    brownouts: brownouts.flatMap((each) => readBrownout(each, place, mistakes)),
    link,
    successor,
  };
  refuseOrder(lifecycle, place, mistakes);
  const isNothing =
    lifecycle.deprecatedMs === undefined &&
    lifecycle.sunsetMs === undefined &&
    brownouts.length === 0;
  return isNothing ? undefined : lifecycle;
}

/** RFC 8594 has no rule of its own; RFC 9745 §4: the sunset is not before the deprecation. */
function refuseOrder(
  { deprecatedMs, sunsetMs }: Lifecycle,
  place: string,
  mistakes: MistakeList,
): void {
  if (deprecatedMs === undefined || sunsetMs === undefined || sunsetMs >= deprecatedMs) return;
  mistakes.push(
    `${place}: it is gone (${httpDate(sunsetMs)}) before it is deprecated (${httpDate(deprecatedMs)}); RFC 9745 forbids it`,
  );
}

function readTime(text: string): number | undefined {
  const whole = text.length === 10 ? `${text}T00:00:00Z` : text;
  const ms = Date.parse(whole);
  // Date.parse takes 2026-02-31 for the third of March.
  const day = Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
  const isDay = !Number.isNaN(day) && new Date(day).toISOString().startsWith(text.slice(0, 10));
  return Number.isNaN(ms) || !isDay ? undefined : ms;
}

function readBrownout(
  settings: BrownoutSettings,
  place: string,
  mistakes: MistakeList,
): readonly Brownout[] {
  const { from, to } = settings;
  const fromMs = from === undefined ? 0 : readTime(from);
  const toMs = to === undefined ? Number.POSITIVE_INFINITY : readTime(to);
  const everyMs = "everyMs" in settings ? settings.everyMs : 0;
  const lastsMs = "lastsMs" in settings ? settings.lastsMs : 0;
  if (fromMs === undefined || toMs === undefined) {
    mistakes.push(`${place}: a brownout begins or ends at no day or time of the calendar`);
  } else if (fromMs >= toMs) {
    mistakes.push(`${place}: a brownout ends (${to}) before it has begun (${from})`);
  } else if (everyMs > 0 && lastsMs >= everyMs) {
    mistakes.push(
      `${place}: a brownout of ${lastsMs} ms every ${everyMs} ms never ends; for that there is sunsetAt`,
    );
  } else {
    return [{ fromMs, toMs, everyMs, lastsMs }];
  }
  return [];
}

/** The stricter of the two in everything: what a route of a version is. */
export function mergeLifecycles(
  version: Lifecycle | undefined,
  route: Lifecycle | undefined,
): Lifecycle | undefined {
  if (version === undefined || route === undefined) return version ?? route;
  return {
    deprecatedMs: earlier(route.deprecatedMs, version.deprecatedMs),
    sunsetMs: earlier(route.sunsetMs, version.sunsetMs),
    brownouts: [...version.brownouts, ...route.brownouts],
    link: route.link ?? version.link,
    successor: route.successor ?? version.successor,
  };
}

/** A time that is told is better than "since some time" (0). */
function earlier(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || one === 0) return other ?? one;
  return other === undefined || other === 0 ? one : Math.min(one, other);
}

/**
 * The fields that every reply carries, name and value in turn: `Deprecation` (RFC 9745: a structured-field date; only where it is known), `Sunset`
 * (RFC 8594: an HTTP date), `Link` (RFC 8288). `successor` is the address of what comes after it.
 */
export function lifecycleFields(
  { deprecatedMs, sunsetMs, link }: Lifecycle,
  successor: string | undefined,
): readonly string[] {
  const fields: string[] = [];
  // RFC 9745 §2.1 has no form for "some time ago": then documents and lists alone say it.
  if (deprecatedMs !== undefined && deprecatedMs > 0) {
    fields.push("Deprecation", `@${Math.floor(deprecatedMs / 1_000)}`);
  }
  if (sunsetMs !== undefined) fields.push("Sunset", httpDate(sunsetMs));
  const links: string[] = [];
  if (link !== undefined) {
    if (deprecatedMs !== undefined) links.push(`<${link}>; rel="deprecation"`);
    if (sunsetMs !== undefined) links.push(`<${link}>; rel="sunset"`);
  }
  if (successor !== undefined) links.push(`<${successor}>; rel="successor-version"`);
  if (links.length > 0) fields.push("Link", links.join(", "));
  return fields;
}

/** IMF-fixdate (RFC 9110 §5.6.7). */
export function httpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

/** The first moment after the brownout that is now; undefined when there is none. It asks nothing but the time given. */
export function brownoutEnd(brownouts: readonly Brownout[], nowMs: number): number | undefined {
  let end: number | undefined;
  for (const { fromMs, toMs, everyMs, lastsMs } of brownouts) {
    if (nowMs < fromMs || nowMs >= toMs) continue;
    const own = everyMs === 0 ? toMs : Math.min(toMs, nowMs - (nowMs % everyMs) + lastsMs);
    if (nowMs < own) end = Math.max(end ?? 0, own);
  }
  return end;
}
