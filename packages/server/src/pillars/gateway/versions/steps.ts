import type { Problem } from "portico/kernel";
import type { Call, Match, Step } from "../call.ts";
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
  unnamed: Router;
  readonly named: Map<string, Router>;
}

/** The first step of an API with versions: path, then header; then the call goes on with the route of its version. */
export function chooseVersion(of: ApiVersions, routers: () => VersionRouters): Step {
  return {
    name: "version",
    run: (call) => {
      const { front, target } = call;
      const told = toldIn(call, of);
      const inPath =
        of.path === undefined ? undefined : readPathVersion(target.path, of.path, of.index);
      if (inPath !== undefined) call.target = { path: inPath.path, query: target.query };
      const wanted = inPath?.wanted ?? told;
      const { unnamed, named } = routers();
      const { method = "GET", headers } = front.request;
      if (wanted === undefined) {
        enter(call, unnamed.find(method, headers.host, call.target.path), "current");
        return;
      }
      const id = of.index.find(wanted) ?? unknown(of, wanted);
      const source = inPath === undefined ? "header" : "path";
      enter(call, named.get(id)?.find(method, headers.host, call.target.path), source);
    },
  };
}

/** What the caller's header asks for; it is not passed on, since the upstream is told a version of our own. */
function toldIn(call: Call, { header, headerName }: ApiVersions): string | undefined {
  const name = header ?? headerName.toLowerCase();
  const told = call.front.request.headers[name];
  if (told === undefined) return undefined;
  editsOf(call).headers.set(name, []);
  return header === undefined || typeof told !== "string" || told === "" ? undefined : told;
}

function enter(call: Call, match: Match | undefined, source: VersionSource): void {
  if (match === undefined) {
    throw raise("gateway.routeUnknown", { params: { api: call.route.api.id } });
  }
  if (match.kind !== "route") throw refusalOf(match, call.front.request.method ?? "GET");
  call.notes.versionFrom = source;
  call.route = match.route;
}

function unknown({ api, index, current }: ApiVersions, wanted: string): never {
  throw raise("gateway.versionUnknown", {
    params: { api, version: wanted.slice(0, 64), versions: index.ids.join(", ") },
    members: { versions: index.ids, currentVersion: current },
  });
}

/** Gives a call that named no version the one its key is pinned to. */
export function followPin(of: ApiVersions, routers: () => VersionRouters): Step {
  return {
    name: "pin",
    run: (call) => {
      const pin = call.caller.pins?.[of.api];
      if (pin === undefined) return;
      const id = of.index.find(pin) ?? unknown(of, pin);
      if (id === of.current) {
        call.notes.versionFrom = "pin";
        return;
      }
      const { method = "GET", headers } = call.front.request;
      enter(call, routers().named.get(id)?.find(method, headers.host, call.target.path), "pin");
    },
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
  const { sunsetMs, brownouts } = lifecycle;
  return {
    name: "lifecycle",
    run: (call) => {
      const { at } = call;
      if (sunsetMs !== undefined && at >= sunsetMs) {
        const successor = successorOf(call);
        throw raise("gateway.versionSunset", {
          params: {
            since: httpDate(sunsetMs),
            next: successor === undefined ? "It has no successor." : `Use ${successor}.`,
          },
          headers: fieldsOf(lifecycle, successor),
        });
      }
      const endMs = brownoutEnd(brownouts, at);
      if (endMs === undefined) return;
      throw raise("gateway.brownout", {
        params: {
          until: httpDate(Math.ceil(endMs / 1_000) * 1_000),
          end: sunsetMs === undefined ? "a day to come" : httpDate(sunsetMs),
        },
        headers: {
          ...fieldsOf(lifecycle, successorOf(call)),
          "retry-after": String(Math.max(1, Math.ceil((endMs - at) / 1_000))),
        },
      });
    },
  };
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
