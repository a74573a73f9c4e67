import type { Api, Match, Route } from "./call.ts";

interface Leaf {
  readonly byMethod: Map<string, Match>;
  any: Match | undefined;
  wrongMethod: Match;
}

interface Branch {
  readonly fixed: Map<string, Branch>;
  parameter: Branch | undefined;
  leaf: Leaf | undefined;
  /** Everything below. */
  rest: Leaf | undefined;
}

interface HostTable {
  /** Paths without parameters, found without cutting the path. */
  readonly exact: Map<string, Leaf>;
  readonly root: Branch;
  readonly byPrefix: Map<string, Match>;
  apis: readonly { readonly prefix: string; readonly match: Match }[];
}

/** An immutable table of routes: built off the hot path, swapped whole. */
export interface Router {
  /** Undefined when no API owns the path: then it is not the gateway's. */
  find(method: string, host: string | undefined, path: string): Match | undefined;
  readonly routes: readonly Route[];
}

/** A table of routes while it is built. */
export interface RouterBuilder {
  /** The first route of a method and a shape wins. */
  add(route: Route): void;
  finish(): Router;
}

/** Compiles routes. Fixed segments win over parameters, parameters over `*`. */
export function routerBuilder(): RouterBuilder {
  const anyHost = hostTable();
  const byHost = new Map<string, HostTable>();
  const routes: Route[] = [];
  return {
    add: (route) => {
      const { host } = route.api;
      let table = anyHost;
      if (host !== undefined) {
        table = byHost.get(host) ?? hostTable();
        byHost.set(host, table);
      }
      addRoute(table, route);
      routes.push(route);
    },
    finish: () => {
      for (const table of [anyHost, ...byHost.values()]) table.apis = apisOf(table);
      return routerOf(routes, anyHost, byHost);
    },
  };
}

function routerOf(
  routes: readonly Route[],
  anyHost: HostTable,
  byHost: ReadonlyMap<string, HostTable>,
): Router {
  const hasHosts = byHost.size > 0;
  return {
    routes,
    find: (method, host, path) => {
      if (hasHosts && host !== undefined) {
        const own = byHost.get(host.toLowerCase()) ?? byHost.get(withoutPort(host));
        const match = own === undefined ? undefined : findIn(own, method, path);
        if (match !== undefined) return match;
      }
      return findIn(anyHost, method, path);
    },
  };
}

/** The longest prefix owns the path. */
function apisOf({ byPrefix }: HostTable): HostTable["apis"] {
  return [...byPrefix]
    .map(([prefix, match]) => ({ prefix, match }))
    .toSorted((a, b) => b.prefix.length - a.prefix.length);
}

function withoutPort(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, "");
}

function hostTable(): HostTable {
  return { exact: new Map(), root: branch(), byPrefix: new Map(), apis: [] };
}

function branch(): Branch {
  return { fixed: new Map(), parameter: undefined, leaf: undefined, rest: undefined };
}

function findIn(table: HostTable, method: string, path: string): Match | undefined {
  const leaf = table.exact.get(path) ?? walk(table.root, path, 1);
  if (leaf !== undefined) return leaf.byMethod.get(method) ?? leaf.any ?? leaf.wrongMethod;
  for (const { prefix, match } of table.apis) if (isBelow(path, prefix)) return match;
  return undefined;
}

/** True for the prefix itself and all below it; `prefix` ends without a slash. */
export function isBelow(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === "/");
}

function walk(at: Branch, path: string, from: number): Leaf | undefined {
  if (from > path.length) return at.leaf ?? at.rest;
  const slash = path.indexOf("/", from);
  const end = slash < 0 ? path.length : slash;
  const part = path.slice(from, end);
  const fixed = at.fixed.get(part);
  const found = fixed === undefined ? undefined : walk(fixed, path, end + 1);
  if (found !== undefined) return found;
  const taken =
    at.parameter === undefined || part === "" ? undefined : walk(at.parameter, path, end + 1);
  return taken ?? at.rest;
}

function addRoute(table: HostTable, route: Route): void {
  const parts = route.template.split("/").slice(1);
  const isRest = parts.at(-1) === "*";
  if (isRest) parts.pop();
  let at = table.root;
  for (const part of parts) at = step(at, part);
  const leaf = (isRest ? at.rest : at.leaf) ?? newLeaf();
  if (isRest) at.rest = leaf;
  else at.leaf = leaf;
  if (!isRest && !route.template.includes("{")) table.exact.set(route.template, leaf);
  takeMethods(leaf, route);
  addApi(table, route.api);
}

function step(at: Branch, part: string): Branch {
  if (part.startsWith("{")) {
    at.parameter ??= branch();
    return at.parameter;
  }
  const next = at.fixed.get(part) ?? branch();
  at.fixed.set(part, next);
  return next;
}

function newLeaf(): Leaf {
  return { byMethod: new Map(), any: undefined, wrongMethod: { kind: "wrongMethod", allowed: "" } };
}

function takeMethods(leaf: Leaf, route: Route): void {
  const match: Match = { kind: "route", route };
  if (route.methods === undefined) {
    leaf.any ??= match;
    return;
  }
  for (const method of route.methods) {
    if (!leaf.byMethod.has(method)) leaf.byMethod.set(method, match);
  }
  const get = leaf.byMethod.get("GET");
  if (get !== undefined && !leaf.byMethod.has("HEAD")) leaf.byMethod.set("HEAD", get);
  leaf.wrongMethod = {
    kind: "wrongMethod",
    allowed: [...leaf.byMethod.keys()].toSorted().join(", "),
  };
}

function addApi({ byPrefix }: HostTable, api: Api): void {
  const prefix = api.basePath === "/" ? "" : api.basePath;
  if (!byPrefix.has(prefix)) byPrefix.set(prefix, { kind: "noRoute", api });
}
