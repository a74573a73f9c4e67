import type { ApiSettings, GatewaySettings, RouteSettings, VersionSettings } from "../settings.ts";
import type { Pieces } from "./pieces.ts";

const ROUTES_AT_ONCE = 64;
/** `paths`, a path, a method: what lies below is small enough to be compared at once. */
const DOCUMENT_DEPTH = 3;

/**
 * The new settings, in which everything that equals the old is the old, the very object. What is built of settings is then
 * known by them, and a change of one route is one new object among thousands. Functions are the same only if they are one.
 */
export function* takeOver(
  before: GatewaySettings,
  after: GatewaySettings,
): Pieces<GatewaySettings> {
  if (before === after) return after;
  const apis = yield* takeOverList(before.apis, after.apis, takeOverApi);
  const upstreams = yield* takeOverList(before.upstreams, after.upstreams, takeOverWhole);
  return { ...takeOverFields(before, after), apis, upstreams };
}

interface Named {
  readonly id: string;
}

type TakeOver<TItem> = (before: TItem, after: TItem) => Pieces<TItem>;

function* takeOverList<TItem extends Named>(
  before: readonly TItem[],
  after: readonly TItem[],
  takeOverOne: TakeOver<TItem>,
): Pieces<TItem[]> {
  if (before === after) return [...after];
  const known = new Map(before.map((each) => [each.id, each]));
  const list: TItem[] = [];
  for (const each of after) {
    const old = known.get(each.id);
    list.push(old === undefined || old === each ? each : yield* takeOverOne(old, each));
    yield;
  }
  return list;
}

function* takeOverWhole<TItem extends object>(before: TItem, after: TItem): Pieces<TItem> {
  yield;
  return isEqual(before, after) ? before : after;
}

function* takeOverApi(before: ApiSettings, after: ApiSettings): Pieces<ApiSettings> {
  const { routes: oldRoutes, versions: oldVersions, openapi: oldDocument, ...oldRest } = before;
  const { routes, versions, openapi, ...rest } = after;
  const document = yield* takeOverDocument(oldDocument, openapi);
  const next = {
    ...takeOverFields(oldRest, rest),
    ...(openapi === undefined ? {} : { openapi: document }),
    ...(routes === undefined ? {} : { routes: yield* takeOverRoutes(oldRoutes, routes) }),
    ...(versions === undefined
      ? {}
      : { versions: yield* takeOverVersions(oldVersions ?? [], versions) }),
  } as ApiSettings;
  return isSameButFor(before, next) ? before : next;
}

function* takeOverVersions(
  before: readonly VersionSettings[],
  after: readonly VersionSettings[],
): Pieces<readonly VersionSettings[]> {
  const list = yield* takeOverList<VersionSettings>(before, after, takeOverVersion);
  return isSameList(before, list) ? before : list;
}

function* takeOverVersion(
  before: VersionSettings,
  after: VersionSettings,
): Pieces<VersionSettings> {
  const { routes: oldRoutes, openapi: oldDocument, ...oldRest } = before;
  const { routes, openapi, ...rest } = after;
  const document = yield* takeOverDocument(oldDocument, openapi);
  const next = {
    ...takeOverFields(oldRest, rest),
    ...(openapi === undefined ? {} : { openapi: document }),
    ...(routes === undefined ? {} : { routes: yield* takeOverRoutes(oldRoutes, routes) }),
  } as VersionSettings;
  return isSameButFor(before, next) ? before : next;
}

/** By their place; where routes were put in or taken out, from there on by their path. */
function* takeOverRoutes<TRoute extends Pick<RouteSettings, "path">>(
  before: readonly TRoute[] = [],
  after: readonly TRoute[],
): Pieces<readonly TRoute[]> {
  if (before === after) return after;
  const places = new PlacesByPath(before);
  const list: TRoute[] = [];
  let shift = 0;
  for (const [index, route] of after.entries()) {
    if (index % ROUTES_AT_ONCE === ROUTES_AT_ONCE - 1) yield;
    if (before[index + shift]?.path !== route.path) {
      const place = places.of(route.path).find((each) => isEqual(before[each], route));
      if (place !== undefined) shift = place - index;
    }
    const old = before[index + shift];
    list.push(old !== undefined && isEqual(old, route) ? old : route);
  }
  return isSameList(before, list) ? before : list;
}

/** Made only when it is asked. */
class PlacesByPath {
  readonly #routes: readonly { readonly path: string }[];
  #places: ReadonlyMap<string, readonly number[]> | undefined;

  constructor(routes: readonly { readonly path: string }[]) {
    this.#routes = routes;
  }

  of(path: string): readonly number[] {
    this.#places ??= Map.groupBy(this.#routes.keys(), (index) => this.#routes[index]?.path ?? "");
    return this.#places.get(path) ?? [];
  }
}

function* takeOverDocument(before: unknown, after: unknown): Pieces<unknown> {
  return (yield* isEqualInPieces(before, after, DOCUMENT_DEPTH)) ? before : after;
}

function* isEqualInPieces(one: unknown, other: unknown, depth: number): Pieces<boolean> {
  if (depth === 0 || !isRecord(one) || !isRecord(other)) return isEqual(one, other);
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  for (const key of keys) {
    if (!Object.hasOwn(other, key)) return false;
    if (!(yield* isEqualInPieces(one[key], other[key], depth - 1))) return false;
    yield;
  }
  return true;
}

function takeOverFields<TFields extends object>(before: TFields, after: TFields): TFields {
  const old = new Map<string, unknown>(Object.entries(before));
  const fields = Object.entries(after).map(([key, value]): [string, unknown] => {
    const known = old.get(key);
    return [key, isEqual(known, value) ? known : value];
  });
  // The keys of `after`, each with a value that equals its own.
  return Object.fromEntries(fields) as TFields;
}

/** True when both have the same fields with the very same values, leaving some out. */
export function isSameButFor(one: object, other: object, without: readonly string[] = []): boolean {
  if (one === other) return true;
  const [left, right] = [one, other].map((each) =>
    Object.entries(each).filter(([key, value]) => value !== undefined && !without.includes(key)),
  );
  const known = new Map<string, unknown>(left);
  return (
    left?.length === right?.length &&
    (right ?? []).every(([key, value]) => known.has(key) && known.get(key) === value)
  );
}

/** True when both lists hold the very same things. */
export function isSameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (one === other) return true;
  return one.length === other.length && one.every((each, index) => each === other[index]);
}

/** Equal in every part. Allocates nothing: it looks at every route of every reload. */
export function isEqual(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (Array.isArray(one)) {
    if (!Array.isArray(other) || one.length !== other.length) return false;
    for (let index = 0; index < one.length; index += 1) {
      if (!isEqual(one[index], other[index])) return false;
    }
    return true;
  }
  if (!isRecord(one) || !isRecord(other)) return false;
  let left = 0;
  for (const key in one) {
    if (!Object.hasOwn(other, key) || !isEqual(one[key], other[key])) return false;
    left += 1;
  }
  for (const _key in other) left -= 1;
  return left === 0;
}

/** What is of a class is only equal to itself. */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
