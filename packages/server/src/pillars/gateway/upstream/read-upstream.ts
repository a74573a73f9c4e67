import { isIP } from "node:net";
import { addressFault } from "./address-fault.ts";
import { isAllowed } from "./allowed.ts";
import type { Balance } from "./balance.ts";
import type { UpstreamTimeouts } from "./exchange.ts";
import type { GroupOptions } from "./group.ts";
import type {
  GroupSettings,
  NamedUpstreamSettings,
  TimeoutSettings,
  UpstreamSettings,
} from "./settings.ts";
import type { TargetOptions } from "./target.ts";

/** An upstream as set, ready to be opened. */
export interface ReadUpstream {
  readonly options: GroupOptions;
  /** `Host` of its first target. */
  readonly host: string;
  /** Put before every forwarded path; the same for all of its targets. */
  readonly path: string;
  /** As it is shown: its address, or its name with its addresses. */
  readonly label: string;
  /** Bodies up to this size are read before they are sent; 0 without retries. */
  readonly retryBodyBytesMax: number;
}

/** What an upstream is read with. */
export interface ReadOptions {
  readonly named: readonly NamedUpstreamSettings[];
  /** Networks in which the targets that some settings name must be; undefined for anywhere. */
  readonly allowFor?: (settings: object) => readonly string[] | undefined;
  /** The settings that name the targets, unless a named upstream does. */
  readonly definedBy?: object;
  readonly connectionsMax: number;
  readonly keepAliveMs: number;
}

/** Reads where an API's calls go. Answers every mistake, each as a sentence's end after "its upstream". */
export function readUpstream(
  settings: UpstreamSettings,
  { named, connectionsMax, keepAliveMs, ...guard }: ReadOptions,
): ReadUpstream | { readonly mistakes: readonly string[] } {
  const found = groupOf(settings, named);
  if (typeof found === "string") return { mistakes: [found] };
  const { group, id } = found;
  const definedBy = id === undefined ? guard.definedBy : group;
  const allow = definedBy === undefined ? undefined : guard.allowFor?.(definedBy);
  const mistakes = group.targets.flatMap(({ url }) => {
    const fault = addressFault(url) ?? networkFault(url, allow);
    return fault === undefined
      ? []
      : [group.targets.length > 1 ? `'${plain(url)}' ${fault}` : fault];
  });
  if (mistakes.length > 0) return { mistakes };
  const urls = group.targets.map(({ url }) => new URL(url));
  const paths = new Set(urls.map(({ pathname }) => pathname.replace(/\/$/, "")));
  if (paths.size > 1) return { mistakes: ["has targets with different paths; give all the same"] };
  const targets = group.targets.map((target) => readTarget(target, allow));
  const addresses = urls.map(({ origin }) => origin).join(", ");
  const [path = ""] = paths;
  return {
    options: {
      id: id ?? urls.map(({ host }) => host).join(","),
      targets,
      balance: (group.balance ?? "roundRobin") satisfies Balance,
      ...watchOf(group),
      ...retriesOf(group),
      connectionsMax,
      keepAliveMs,
    },
    host: targets[0]?.host ?? "",
    path,
    label: id === undefined ? `${addresses}${path}` : `${id} (${addresses}${path})`,
    retryBodyBytesMax: group.retries === undefined ? 0 : (group.retries.bodyBytesMax ?? 65_536),
  };
}

interface Found {
  readonly group: GroupSettings;
  readonly id: string | undefined;
}

function groupOf(
  settings: UpstreamSettings,
  named: readonly NamedUpstreamSettings[],
): Found | string {
  if (typeof settings !== "string") return { group: settings, id: undefined };
  if (/^https?:\/\//.test(settings))
    return { group: { targets: [{ url: settings }] }, id: undefined };
  const found = named.find(({ id }) => id === settings);
  if (found !== undefined) return { group: found, id: found.id };
  const known =
    named.length === 0 ? "there are none" : `there are ${named.map(({ id }) => id).join(", ")}`;
  return `'${settings}' is no address and none of \`upstreams\`: ${known}`;
}

/** An address is judged here; a name whenever it is dialled (`allowed.ts`). */
function networkFault(text: string, allow: readonly string[] | undefined): string | undefined {
  const host = new URL(text).hostname.replaceAll(/^\[|\]$/g, "");
  if (allow === undefined || isIP(host) === 0 || isAllowed(host, allow)) return undefined;
  return `is at ${host}, which is in no network of \`gateway.upstreamAllow\`: upstreams set over the API must be in one`;
}

/** Without what may be a password. */
function plain(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? "one of its targets" : `${parsed.protocol}//${parsed.host}`;
}

function readTarget(
  { url: text, weight }: GroupSettings["targets"][number],
  allow: readonly string[] | undefined,
): TargetOptions {
  const url = new URL(text);
  const isTls = url.protocol === "https:";
  return {
    address: {
      host: url.hostname.replaceAll(/^\[|\]$/g, ""),
      port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port),
      isTls,
      ...(allow === undefined ? {} : { allow }),
    },
    host: url.host,
    weight: weight ?? 1,
  };
}

function watchOf({
  health,
  breaker,
}: GroupSettings): Pick<GroupOptions, "active" | "passive" | "breaker"> {
  const { active, passive } = health ?? {};
  return {
    ...(active === undefined
      ? {}
      : {
          active: {
            path: active.path,
            intervalMs: active.intervalMs ?? 5_000,
            timeoutMs: active.timeoutMs ?? 2_000,
            healthyAfter: active.healthyAfter ?? 2,
            unhealthyAfter: active.unhealthyAfter ?? 3,
            statuses: active.statuses ?? ["2xx", "3xx"],
          },
        }),
    ...(passive === undefined
      ? {}
      : {
          passive: {
            failures: passive.failures ?? 5,
            windowMs: passive.windowMs ?? 10_000,
            ejectMs: passive.ejectMs ?? 10_000,
          },
        }),
    ...(breaker === undefined
      ? {}
      : {
          breaker: {
            failureRatio: breaker.failureRatio ?? 0.5,
            callsMin: breaker.callsMin ?? 20,
            windowMs: breaker.windowMs ?? 10_000,
            openMs: breaker.openMs ?? 5_000,
            trialCalls: breaker.trialCalls ?? 3,
          },
        }),
  };
}

function retriesOf({ retries }: GroupSettings): Pick<GroupOptions, "retries"> {
  if (retries === undefined) return {};
  return {
    retries: {
      max: retries.max ?? 2,
      budgetRatio: retries.budgetRatio ?? 0.2,
      on: retries.on ?? ["connect", "closed"],
    },
  };
}

/** Time limits of a route: its own, else its API's, else the defaults. */
export function readTimeouts(
  ...settings: readonly (Partial<TimeoutSettings> | undefined)[]
): UpstreamTimeouts {
  const first = (key: keyof TimeoutSettings, fallback: number): number =>
    settings.find((each) => each?.[key] !== undefined)?.[key] ?? fallback;
  return {
    connectMs: first("connectMs", 3_000),
    firstByteMs: first("firstByteMs", 30_000),
    idleMs: first("idleMs", 60_000),
    totalMs: first("totalMs", 0),
    bodyBytesPerSecondMin: first("bodyBytesPerSecondMin", 240),
  };
}
