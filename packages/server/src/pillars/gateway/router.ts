import type { Api, Match, Route } from "./call.ts";
import { isPlainParameter, parseTemplate, readValues } from "./template.ts";
import type { Template, TemplateSegment } from "./template.ts";

interface Leaf {
  readonly byMethod: Map<string, Match>;
  any: Match | undefined;
  wrongMethod: Match;
}

interface Branch {
  readonly fixed: Map<string, Branch>;
  /** Segments that are partly fixed, the most fixed first: `{id}.pdf` before `{id}:{verb}` before `{id:uuid}`. */
  patterns: readonly Pattern[] | undefined;
  parameter: Branch | undefined;
  leaf: Leaf | undefined;
  /** Everything below. */
  rest: Leaf | undefined;
}

interface Pattern {
  readonly segment: TemplateSegment;
  readonly weight: number;
  readonly branch: Branch;
}

interface HostTable {
  /** Paths without parameters, found without cutting the path. */
  readonly exact: Map<string, Leaf>;
  readonly root: Branch;
  /** The tree without parameters of a kind; undefined when there are none. */
  plain: Branch | undefined;
  readonly routes: Route[];
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

/** Compiles routes. Fixed segments win over patterns, patterns over parameters, parameters over `*`. */
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
      for (const table of [anyHost, ...byHost.values()]) {
        addPlain(table);
        table.apis = apisOf(table);
      }
      return routerOf(routes, anyHost, byHost);
    },
  };
}

/** A table of routes that are all at hand. */
export function createRouter(routes: readonly Route[]): Router {
  const builder = routerBuilder();
  for (const route of routes) builder.add(route);
  return builder.finish();
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
  return {
    exact: new Map(),
    root: branch(),
    plain: undefined,
    routes: [],
    byPrefix: new Map(),
    apis: [],
  };
}

function branch(): Branch {
  return {
    fixed: new Map(),
    patterns: undefined,
    parameter: undefined,
    leaf: undefined,
    rest: undefined,
  };
}

function findIn(table: HostTable, method: string, path: string): Match | undefined {
  const leaf = table.exact.get(path) ?? walk(table.root, path, 1);
  if (leaf !== undefined) {
    return methodOf(leaf, method) ?? beside(table, method, path) ?? leaf.wrongMethod;
  }
  for (const { prefix, match } of table.apis) if (isBelow(path, prefix)) return match;
  return undefined;
}

function methodOf({ byMethod, any }: Leaf, method: string): Match | undefined {
  return byMethod.get(method) ?? any;
}

/** `/x/{id:uuid}` and `/x/{name}` are one path with methods of two routes: a UUID may be a name. */
function beside({ plain }: HostTable, method: string, path: string): Match | undefined {
  const leaf = plain === undefined ? undefined : walk(plain, path, 1);
  return leaf === undefined ? undefined : methodOf(leaf, method);
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
  if (at.patterns !== undefined) {
    const matched = walkPatterns(at.patterns, { path, part, next: end + 1 });
    if (matched !== undefined) return matched;
  }
  if (at.parameter !== undefined && part !== "" && !isDisguised(at, part)) {
    const taken = walk(at.parameter, path, end + 1);
    if (taken !== undefined) return taken;
  }
  return at.rest;
}

interface Step {
  readonly path: string;
  readonly part: string;
  readonly next: number;
}

function walkPatterns(patterns: readonly Pattern[], { path, part, next }: Step): Leaf | undefined {
  for (const { segment, branch } of patterns) {
    if (readValues(segment, part) === undefined) continue;
    const found = walk(branch, path, next);
    if (found !== undefined) return found;
  }
  return undefined;
}

const SUB_DELIMITERS = /%(?:21|2[4-9A-C]|3[ABD]|40)/g;

/**
 * `1%3Acancel` is another segment than `1:cancel` (RFC 3986 §2.2), but an upstream that decodes first takes it for the
 * same. It is no value of a parameter where its decoded form has a route of its own, with rules of its own.
 */
function isDisguised(at: Branch, part: string): boolean {
  if (!part.includes("%")) return false;
  const plain = part.replaceAll(SUB_DELIMITERS, decodeURIComponent);
  if (plain === part) return false;
  if (at.fixed.has(plain)) return true;
  return at.patterns?.some(({ segment }) => readValues(segment, plain) !== undefined) ?? false;
}

function addRoute(table: HostTable, route: Route): void {
  const template = templateOf(route);
  const leaf = addTemplate(table.root, template, route);
  const isExact = !template.isRest && !route.template.includes("{");
  if (isExact) table.exact.set(route.template, leaf);
  table.routes.push(route);
  addApi(table, route.api);
}

const templates = new WeakMap<Route, Template>();

/** A route that is taken over from table to table is read once. */
function templateOf(route: Route): Template {
  const known = templates.get(route);
  if (known !== undefined) return known;
  const template = parseTemplate(route.template);
  // Templates are refused with a sentence before a table is built of them.
  if (typeof template === "string") throw new TypeError(`'${route.template}' ${template}`);
  templates.set(route, template);
  return template;
}

/** Kept in step with the tree only where a parameter has a kind. */
function addPlain(table: HostTable): void {
  const { routes } = table;
  if (!routes.some((route) => hasKind(templateOf(route)))) return;
  table.plain = branch();
  for (const route of routes) {
    const template = templateOf(route);
    if (!hasKind(template)) addTemplate(table.plain, template, route);
  }
}

function hasKind({ segments }: Template): boolean {
  return segments.some(({ parameters }) => parameters.some(({ kind }) => kind !== undefined));
}

function addTemplate(root: Branch, { segments, isRest }: Template, route: Route): Leaf {
  let at = root;
  for (const segment of segments) at = step(at, segment);
  const leaf = (isRest ? at.rest : at.leaf) ?? newLeaf();
  if (isRest) at.rest = leaf;
  else at.leaf = leaf;
  takeMethods(leaf, route);
  return leaf;
}

function step(at: Branch, segment: TemplateSegment): Branch {
  if (isPlainParameter(segment)) {
    at.parameter ??= branch();
    return at.parameter;
  }
  const text = segment.literals[0] ?? "";
  if (segment.parameters.length === 0) {
    const next = at.fixed.get(text) ?? branch();
    at.fixed.set(text, next);
    return next;
  }
  return stepPattern(at, segment);
}

function stepPattern(at: Branch, segment: TemplateSegment): Branch {
  const { literals, parameters } = segment;
  const known = at.patterns?.find((each) => isSameShape(each.segment, segment));
  if (known !== undefined) return known.branch;
  const kinds = parameters.filter(({ kind }) => kind !== undefined).length;
  const weight = literals.join("").length * 8 + kinds;
  const pattern = { segment, weight, branch: branch() };
  at.patterns = [...(at.patterns ?? []), pattern].toSorted((a, b) => b.weight - a.weight);
  return pattern.branch;
}

function isSameShape(one: TemplateSegment, other: TemplateSegment): boolean {
  return (
    one.parameters.length === other.parameters.length &&
    one.literals.every((literal, index) => literal === other.literals[index]) &&
    one.parameters.every(({ kind }, index) => kind === other.parameters[index]?.kind)
  );
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
