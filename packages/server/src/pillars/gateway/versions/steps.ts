import type { Problem } from "portico/kernel";
import type { AskedVersion, Call, Match, Step } from "../call.ts";
import { askForWhole, changeRequest } from "../change-request.ts";
import { editsOf } from "../edits.ts";
import { raise } from "../errors.ts";
import { refusalOf } from "../refuse.ts";
import type { Router } from "../router.ts";
import { climb, failure } from "./chain.ts";
import type { Chain } from "./chain.ts";
import type { VersionCounter } from "./callers.ts";
import { readPathVersion } from "./choose.ts";
import { brownoutEnd, httpDate, lifecycleFields } from "./lifecycle.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { ApiVersions, RouteVersion, VersionSource } from "./route-version.ts";

/** The routes of every version of one API. */
export interface VersionRouters {
  /** For calls that name no version: the current one's routes, which ask the key's pin. */
  readonly unnamed: Router;
  readonly named: ReadonlyMap<string, Router>;
}

/** The first step of an API with versions: path, then header; then the call goes on with the route of its version. */
export function chooseVersion(of: ApiVersions, routers: VersionRouters): Step {
  const name = of.header ?? of.headerName.toLowerCase();
  return {
    name: "version",
    run: (call) => {
      const { method = "GET", headers } = call.front.request;
      const { path, query } = call.target;
      // The upstream is told a version of our own.
      if (headers[name] !== undefined) editsOf(call).headers.set(name, []);
      const named = namedVersion(of, { headers, path });
      if (named.path !== path) call.target = { path: named.path, query };
      call.versions = routers.named;
      const router = named.id === undefined ? routers.unnamed : routers.named.get(named.id);
      enter(call, router?.find(method, headers.host, named.path), named.source);
    },
  };
}

interface Named {
  /** Undefined when neither path nor header names one. */
  readonly id: string | undefined;
  readonly source: VersionSource;
  /** Without the version. */
  readonly path: string;
}

function namedVersion(
  of: ApiVersions,
  { headers, path }: Pick<AskedVersion, "headers" | "path">,
): Named {
  const inPath = of.path === undefined ? undefined : readPathVersion(path, of.path, of.index);
  if (inPath !== undefined) {
    return { id: known(of, inPath.wanted), source: "path", path: inPath.path };
  }
  const told = of.header === undefined ? undefined : headers[of.header];
  if (typeof told !== "string" || told === "") return { id: undefined, source: "current", path };
  return { id: known(of, told), source: "header", path };
}

function enter(call: Call, match: Match | undefined, source: VersionSource): void {
  if (match === undefined) {
    throw raise("gateway.routeUnknown", { params: { api: call.route.api.id } });
  }
  if (match.kind !== "route") throw refusalOf(match, call.front.request.method ?? "GET");
  call.notes.versionFrom = source;
  call.route = match.route;
}

function known({ api, index, current }: ApiVersions, wanted: string): string {
  const id = index.find(wanted);
  if (id !== undefined) return id;
  throw raise("gateway.versionUnknown", {
    params: { api, version: wanted.slice(0, 64), versions: index.ids.join(", ") },
    members: { versions: index.ids, currentVersion: current },
  });
}

/** Gives a call that named no version the one its key is pinned to. */
export function followPin(of: ApiVersions): Step {
  return {
    name: "pin",
    run: (call) => {
      const pin = call.caller.pins?.[of.api];
      if (pin === undefined) return;
      const id = known(of, pin);
      if (id === of.current) {
        call.notes.versionFrom = "pin";
        return;
      }
      const { method = "GET", headers } = call.front.request;
      enter(call, call.versions?.get(id)?.find(method, headers.host, call.target.path), "pin");
    },
  };
}

/** The same decision without a call, for `explain`. */
export function answerAsked(
  of: ApiVersions,
  routers: VersionRouters,
): (asked: AskedVersion) => Match | undefined {
  return ({ method, headers, path, pins }) => {
    const named = namedVersion(of, { headers, path });
    const { unnamed, named: versions } = routers;
    const host = typeof headers["host"] === "string" ? headers["host"] : undefined;
    const find = (id: string): Match | undefined =>
      versions.get(id)?.find(method, host, named.path);
    if (named.id !== undefined) return find(named.id);
    const match = unnamed.find(method, host, named.path);
    const pin = of.pins ? pins?.[of.api] : undefined;
    // A route that asks for no credential knows no key, and so no pin.
    const hasPin = pin !== undefined && match?.kind === "route" && match.route.auth !== "none";
    return hasPin ? find(known(of, pin)) : match;
  };
}

/** Notes who calls. */
export function countCaller(counter: VersionCounter): Step {
  return { name: "callers", run: (call) => counter.note(call.caller, call.at) };
}

/** Refuses what has ended (410) and what takes a break (503). */
export function endOfLife(
  lifecycle: Lifecycle,
  successorOf: (call: Call) => string | undefined,
): Step {
  return {
    name: "lifecycle",
    run: (call) => {
      const problem = endedAt(lifecycle, call.at, () => successorOf(call));
      if (problem !== undefined) throw problem;
    },
  };
}

/** Why it is not served at a time; undefined when it is. */
export function endedAt(
  lifecycle: Lifecycle,
  atMs: number,
  successorOf: () => string | undefined,
): Problem | undefined {
  const { sunsetMs, brownouts } = lifecycle;
  if (sunsetMs !== undefined && atMs >= sunsetMs) {
    const successor = successorOf();
    const next = successor === undefined ? "It has no successor." : `Use ${successor}.`;
    return raise("gateway.versionSunset", {
      params: { since: httpDate(sunsetMs), next },
      headers: fieldsOf(lifecycle, successor),
    });
  }
  const endMs = brownoutEnd(brownouts, atMs);
  if (endMs === undefined) return undefined;
  return raise("gateway.brownout", {
    params: {
      until: httpDate(Math.ceil(endMs / 1_000) * 1_000),
      end: sunsetMs === undefined ? "a day to come" : httpDate(sunsetMs),
    },
    headers: {
      ...fieldsOf(lifecycle, successorOf()),
      "retry-after": String(Math.max(1, Math.ceil((endMs - atMs) / 1_000))),
    },
  });
}

function fieldsOf(lifecycle: Lifecycle, successor: string | undefined): Record<string, string> {
  const fields = lifecycleFields(lifecycle, successor);
  const record: Record<string, string> = {};
  for (let index = 0; index < fields.length; index += 2) {
    record[(fields[index] ?? "").toLowerCase()] = fields[index + 1] ?? "";
  }
  return record;
}

/** Takes a request up to the version that is forwarded. */
export function climbVersions({ of, id }: RouteVersion, chain: Chain, log: FailureLog): Step {
  return {
    name: "version up",
    run: (call) =>
      changeRequest(call, {
        needsBody: chain.changesRequests,
        bytesMax: of.bytesMax,
        notJson: of.notJson,
        apply: (message) => {
          const taken = log(call, () => climb(chain, message));
          call.notes.versionChanges = taken;
          if (taken.some(({ change }) => change.response !== undefined)) askForWhole(call);
        },
        broken: (reason) => brokenBy(chain, { id, reason }),
      }),
  };
}

/** Runs what may refuse, and notes the refusal for the operator. */
export type FailureLog = <TValue>(call: Call, run: () => TValue) => TValue;

function brokenBy(
  { links }: Chain,
  { id, reason }: { readonly id: string; readonly reason: string },
): Problem {
  const last = links.findLast(({ change }) => change.request !== undefined);
  if (last !== undefined) return failure(last, "gateway.versionChangeFailed", reason);
  return raise("gateway.versionChangeFailed", { params: { version: id }, internal: reason });
}
