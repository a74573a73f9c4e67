import type { TLSSocket } from "node:tls";
import type { Call } from "../call.ts";
import { readTarget } from "../path.ts";
import type { CachePolicy } from "./policy.ts";
import type { EntryPlace } from "./entry.ts";

/**
 * Where the replies to a call belong. The key holds whatever may change what the upstream answers and does not stand in
 * `Vary`: who owns the data, the API and its version, and what we tell the upstream of scheme and host.
 */
export function placeOf(call: Call, { ofCaller }: CachePolicy): EntryPlace {
  const { front, route, target, caller, fields } = call;
  const { api } = route;
  const host = hostOf(call);
  // Routes without auth are the same for everybody.
  const organization = route.auth === "none" ? "" : caller.organization;
  // A JSON text: what a caller is called cannot run into what follows.
  const owner =
    ofCaller.length === 0
      ? organization
      : JSON.stringify([organization, ...ofCaller.map((part) => caller[part] ?? null)]);
  const isTls = (front.request.socket as Partial<TLSSocket>).encrypted === true;
  const scheme = `${isTls ? "s" : ""}${fields?.forwardedProto ?? ""}`;
  const whole = `${target.path}${target.query}`;
  const uri = `${api.id}\n${host}\n${whole}`;
  return {
    key: `${owner}\n${route.version?.id ?? ""}\n${scheme}\n${uri}`,
    api: api.id,
    uri,
    path: target.path,
  };
}

function hostOf({ front, fields }: Call): string {
  return (fields?.host ?? front.request.headers.host ?? "").toLowerCase();
}

/** The targets that a successful unsafe call has changed: its own, and those that its reply names (RFC 9111 §4.4). */
export function changedUris(call: Call, locations: readonly (string | undefined)[]): string[] {
  const { target, route } = call;
  const { api } = route;
  const host = hostOf(call);
  const paths = new Set([`${target.path}${target.query}`]);
  for (const location of locations) {
    const path = location === undefined ? undefined : pathOf(call, location);
    if (path !== undefined) paths.add(path);
  }
  return [...paths].map((path) => `${api.id}\n${host}\n${path}`);
}

/** The path of a location as callers write it; undefined where it is of another origin. */
function pathOf(call: Call, location: string): string | undefined {
  const { target, route } = call;
  const { upstreamHost, upstreamPath, stripLength, basePath } = route.api;
  const host = hostOf(call);
  const forwarded = `${upstreamPath}${target.path.slice(stripLength)}`;
  const url = URL.parse(location, `http://${host}${forwarded}`);
  if (url === null || (url.host !== host && url.host !== upstreamHost)) return undefined;
  const own = url.pathname.startsWith(upstreamPath)
    ? url.pathname.slice(upstreamPath.length)
    : url.pathname;
  // An application that knows nothing of the base path names its own paths; one that does names ours.
  const isOurs = stripLength === 0 || own.startsWith(`${basePath}/`);
  const read = readTarget(`${isOurs ? own : `${basePath}${own}`}${url.search}`);
  return typeof read === "string" ? undefined : `${read.path}${read.query}`;
}
