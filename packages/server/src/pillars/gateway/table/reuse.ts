import type { Api, Route } from "../call.ts";
import type { RouteSettings } from "../settings.ts";
import type { ReadUpstream } from "../upstream/index.ts";

/** The routes of an API with versions, compiled. */
export interface VersionedApi {
  readonly entry: Route;
  readonly routes: readonly Route[];
  readonly settingsOf: ReadonlyMap<Route, RouteSettings>;
  /** Upstreams that its versions opened, to be held by the next table as well. */
  readonly upstreams: readonly ReadUpstream["options"][];
  /** Emits that have found their route, as texts. */
  readonly used: ReadonlySet<string>;
}

/** What was compiled for the table in force, by the text of its settings: what has not changed is not compiled again. */
export interface Compilations {
  readonly apis: Map<string, Api>;
  /** By the text of their API, then by their own. */
  readonly routes: Map<string, Map<string, readonly Route[]>>;
  readonly versioned: Map<string, VersionedApi>;
}

/** Nothing compiled yet. */
export function noCompilations(): Compilations {
  return { apis: new Map(), routes: new Map(), versioned: new Map() };
}

const texts = new WeakMap<object, string>();

/** The settings as text. Settings are never changed once they are given, so the text of an object is made once. */
export function textOf(settings: object): string {
  const known = texts.get(settings);
  if (known !== undefined) return known;
  const text = JSON.stringify(settings);
  texts.set(settings, text);
  return text;
}
