import type { Api, Match, Route } from "./call.ts";
import { Children } from "./children.ts";
import { editTree, leafOf, walk } from "./route-tree.ts";
import type { Branch, EditMark, Leaf } from "./route-tree.ts";
import { parseTemplate } from "./template.ts";
import type { Template } from "./template.ts";

interface HostTable {
  /** Paths without parameters, found without cutting the path. */
  exact: Children<Leaf>;
  root: Branch | undefined;
  /** The tree without parameters of a kind; the very same where there are none. */
  plain: Branch | undefined;
  /** How many routes have a parameter of a kind. */
  kinds: number;
  apis: readonly OwnedPrefix[];
}

interface OwnedPrefix {
  readonly prefix: string;
  readonly match: Match;
}

/** An immutable table of routes: built off the hot path, swapped whole. */
export interface Router {
  /** Undefined when no API owns the path: then it is not the gateway's. */
  find(method: string, host: string | undefined, path: string): Match | undefined;
  readonly routes: readonly Route[];
  /** Begins the next table, which shares with this one all that stays the same. */
  edit(): RouterEdit;
}

/** The next table while it is made; the one that it began with is untouched. */
export interface RouterEdit {
  /** Answers the route that takes the same calls already, if there is one: that one keeps them. */
  add(route: Route): Route | undefined;
  remove(route: Route): void;
  /** `routes` are all that it has now, those of one API together; of two APIs with one prefix the first owns it. */
  finish(routes: readonly Route[]): Router;
}

interface Hosts {
  readonly any: HostTable;
  readonly byHost: ReadonlyMap<string, HostTable>;
}

const NO_HOSTS: Hosts = { any: emptyTable(), byHost: new Map() };

/** A table of routes that are all at hand. Fixed segments win over patterns, patterns over parameters, parameters over `*`. */
export function createRouter(routes: readonly Route[]): Router {
  const edit = emptyRouter().edit();
  for (const route of routes) edit.add(route);
  return edit.finish(routes);
}

/** A table without routes. */
export function emptyRouter(): Router {
  return routerOf([], NO_HOSTS);
}

function routerOf(routes: readonly Route[], hosts: Hosts): Router {
  const { any, byHost } = hosts;
  const hasHosts = byHost.size > 0;
  return {
    routes,
    edit: () => editRouter(hosts),
    find: (method, host, path) => {
      if (hasHosts && host !== undefined) {
        const own = byHost.get(host.toLowerCase()) ?? byHost.get(withoutPort(host));
        const match = own === undefined ? undefined : findIn(own, method, path);
        if (match !== undefined) return match;
      }
      return findIn(any, method, path);
    },
  };
}

function withoutPort(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, "");
}

function findIn(table: HostTable, method: string, path: string): Match | undefined {
  const { exact, root } = table;
  const leaf = exact.get(path) ?? (root === undefined ? undefined : walk(root, path, 1));
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
function beside({ root, plain }: HostTable, method: string, path: string): Match | undefined {
  const leaf = plain === undefined || plain === root ? undefined : walk(plain, path, 1);
  return leaf === undefined ? undefined : methodOf(leaf, method);
}

/** True for the prefix itself and all below it; `prefix` ends without a slash. */
export function isBelow(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === "/");
}

function editRouter(before: Hosts): RouterEdit {
  const edited = new Map<string | undefined, TableEdit>();
  const of = (host: string | undefined): TableEdit => {
    const known = edited.get(host);
    if (known !== undefined) return known;
    const old = host === undefined ? before.any : before.byHost.get(host);
    const made = new TableEdit(old ?? emptyTable());
    edited.set(host, made);
    return made;
  };
  return {
    add: (route) => of(route.api.host).add(route),
    remove: (route) => of(route.api.host).remove(route),
    finish: (routes) => {
      const any = edited.get(undefined)?.table ?? before.any;
      const byHost = new Map(before.byHost);
      for (const [host, { table }] of edited) {
        if (host !== undefined && table.root === undefined) byHost.delete(host);
        else if (host !== undefined) byHost.set(host, table);
      }
      const apis = ownersOf(routes);
      return routerOf(routes, {
        any: { ...any, apis: apis.get(undefined) ?? [] },
        byHost: new Map(
          [...byHost].map(([host, each]) => [host, { ...each, apis: apis.get(host) ?? [] }]),
        ),
      });
    },
  };
}

/** The longest prefix owns the path. */
function ownersOf(routes: readonly Route[]): ReadonlyMap<string | undefined, OwnedPrefix[]> {
  const found = new Map<string | undefined, Map<string, Match>>();
  let last: Api | undefined;
  for (const { api } of routes) {
    if (api === last) continue;
    last = api;
    const prefix = api.basePath === "/" ? "" : api.basePath;
    const byPrefix = found.get(api.host) ?? new Map<string, Match>();
    found.set(api.host, byPrefix);
    if (!byPrefix.has(prefix)) byPrefix.set(prefix, { kind: "noRoute", api });
  }
  return new Map(
    [...found].map(([host, byPrefix]) => [
      host,
      [...byPrefix]
        .map(([prefix, match]) => ({ prefix, match }))
        .toSorted((a, b) => b.prefix.length - a.prefix.length),
    ]),
  );
}

function emptyTable(): HostTable {
  return { exact: new Children<Leaf>(), root: undefined, plain: undefined, kinds: 0, apis: [] };
}

/** One host's table while it is edited. */
class TableEdit {
  readonly table: HostTable;
  /** While both trees are one, so is the mark: what it made would otherwise be changed in both. */
  #root: EditMark = Symbol("edit");
  #plain: EditMark = this.#root;
  #ownsExact = false;

  constructor(before: HostTable) {
    this.table = { ...before };
  }

  add(route: Route): Route | undefined {
    let twin: Route | undefined;
    this.#change(route, 1, (leaf) => {
      twin = leaf === undefined ? undefined : twinOf(leaf, route);
      return leafOf([...(leaf?.routes ?? []), route]);
    });
    return twin;
  }

  remove(route: Route): void {
    this.#change(route, -1, (leaf) => leafOf(leaf?.routes.filter((each) => each !== route) ?? []));
  }

  #change(route: Route, by: 1 | -1, change: (leaf: Leaf | undefined) => Leaf | undefined): void {
    const { table } = this;
    const template = templateOf(route);
    const isOfKind = hasKind(template);
    if (isOfKind && this.#root === this.#plain)
      [this.#root, this.#plain] = [Symbol("all"), Symbol("plain")];
    const isOne = table.root === table.plain && !isOfKind;
    let changed: Leaf | undefined;
    const mark = this.#root;
    table.root = editTree(table.root, template, {
      mark,
      change: (leaf) => (changed = change(leaf)),
    });
    if (isOfKind) table.kinds += by;
    else if (isOne) table.plain = table.root;
    else table.plain = editTree(table.plain, template, { mark: this.#plain, change });
    // With the last route of a kind the second tree goes.
    if (table.kinds === 0) this.#unite();
    if (!template.isRest && !route.template.includes("{")) this.#exact(route.template, changed);
  }

  #unite(): void {
    this.table.plain = this.table.root;
    this.#plain = this.#root;
  }

  #exact(path: string, leaf: Leaf | undefined): void {
    if (!this.#ownsExact) this.table.exact = this.table.exact.copy();
    this.#ownsExact = true;
    this.table.exact.set(path, leaf);
  }
}

/** A method of its own beats one that takes every method, so those two are no twins. */
function twinOf({ routes }: Leaf, { methods }: Route): Route | undefined {
  return routes.find((each) =>
    methods === undefined || each.methods === undefined
      ? methods === each.methods
      : methods.some((method) => each.methods?.includes(method)),
  );
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

function hasKind({ segments }: Template): boolean {
  return segments.some(({ parameters }) => parameters.some(({ kind }) => kind !== undefined));
}
