import type { Route } from "./call.ts";
import { openApi, trimmed } from "./open-api.ts";
import type { ApiInWork, Routed } from "./open-api.ts";
import { compileSet } from "./route-set.ts";
import { differenceOf, nextRouter } from "./router-change.ts";
import { emptyRouter } from "./router.ts";
import type { Router } from "./router.ts";
import type { ApiSettings, VersionSettings } from "./settings.ts";
import type { Pieces } from "./table/pieces.ts";
import { reused } from "./table/reuse.ts";
import type {
  ApiUnit,
  CompiledVersions,
  Made,
  OpenedApi,
  RouteSet,
  VersionToken,
} from "./table/reuse.ts";
import { isSameButFor } from "./table/take-over.ts";
import { askingPin, entryOf } from "./versions/build-versions.ts";
import { planVersions } from "./versions/plan.ts";
import type { PlannedVersion } from "./versions/plan.ts";
import type { ApiVersions } from "./versions/route-version.ts";
import type { Work } from "./work.ts";

interface Versions extends ApiInWork {
  readonly of: ApiVersions;
  readonly tokens: CompiledVersions["tokens"];
}

/** The set of the routes of calls that name no version. No version has an empty name. */
const UNNAMED = "";

/** Compiles the versions of an API that have changed, and the one entry to all of them. */
export function* compileVersions(given: ApiInWork, work: Work): Pieces<Routed> {
  const { settings, before, rest } = given;
  const { modules, mistakes } = work;
  const basePath = trimmed(settings.basePath ?? "/");
  const plan = planVersions({ ...settings, basePath }, { modules, mistakes });
  const ids = plan.versions.map(({ id }) => id);
  const of = reused(before?.versions?.of, [rest, plan.of.current, ...ids], () => plan.of);
  const tokens = tokensOf(settings, before?.versions);
  const versions: Versions = { ...given, of: of.value, tokens };
  const opened = new Map<string, Made<OpenedApi>>();
  const sets = new Map<string, Made<RouteSet>>();
  for (const version of plan.versions) {
    const own = openVersion(versions, version, work);
    if (own === undefined) continue;
    const id = servingOf(settings, version)?.id;
    if (own !== given.opened && id !== undefined) opened.set(id, own);
    sets.set(
      version.id,
      yield* versionSet(versions, { version, opened: own, asksPin: false }, work),
    );
    if (version.id !== of.value.current || !of.value.pins) continue;
    sets.set(UNNAMED, yield* versionSet(versions, { version, opened: own, asksPin: true }, work));
  }
  const named = new Map(ids.map((id) => [id, sets.get(id)?.value.router ?? emptyRouter()]));
  const unnamed =
    sets.get(UNNAMED) === undefined
      ? (named.get(of.value.current) ?? emptyRouter())
      : yield* askingRouter(sets.get(UNNAMED)?.value.routes ?? [], { of: of.value, before }, work);
  return {
    standing: [entryOf(given.opened.value.api, of.value, { unnamed, named })],
    routes: ids.flatMap((id) => sets.get(id)?.value.routes ?? []),
    sets,
    versions: { of, tokens, unnamed },
    opened,
  };
}

/** The routes of calls that named no version, which ask the key's pin. */
function* askingRouter(
  routes: readonly Route[],
  { of, before }: { readonly of: ApiVersions; readonly before: ApiUnit | undefined },
  { mistakes }: Work,
): Pieces<Router> {
  const asking = routes.map((route) => askingPin(route, of));
  const old = before?.versions?.unnamed;
  const difference = differenceOf(old?.routes ?? [], asking);
  return yield* nextRouter(old, { ...difference, routes: asking }, mistakes);
}

function tokensOf(
  { versions = [] }: ApiSettings,
  before: CompiledVersions | undefined,
): CompiledVersions["tokens"] {
  return new Map(
    versions.map((settings): [string, VersionToken] => {
      const known = before?.tokens.get(settings.id);
      const isSame =
        known !== undefined && isSameButFor(known.settings, settings, ["routes", "openapi"]);
      return [settings.id, { settings, token: isSame ? known.token : {} }];
    }),
  );
}

/** The version whose upstream serves another. */
function servingOf(
  { versions = [] }: ApiSettings,
  { upstreamOf }: PlannedVersion,
): VersionSettings | undefined {
  return versions[upstreamOf];
}

function openVersion(
  { settings, rest, opened, before }: Versions,
  version: PlannedVersion,
  work: Work,
): Made<OpenedApi> | undefined {
  const serving = servingOf(settings, version);
  if (serving?.upstream === undefined) return opened;
  const own = settingsFor(settings, version);
  const known = before?.opened.get(serving.id);
  return openApi({ settings: own, definedBy: serving, rest, before: known }, work);
}

/** An API's settings as they are for one version. */
function settingsFor(settings: ApiSettings, version: PlannedVersion): ApiSettings {
  const { openapi, routes } = settings.versions?.find(({ id }) => id === version.id) ?? {};
  const upstream = servingOf(settings, version)?.upstream;
  return {
    ...settings,
    ...(openapi === undefined ? {} : { openapi }),
    ...(routes === undefined ? {} : { routes }),
    ...(upstream === undefined ? {} : { upstream }),
  };
}

interface VersionInWork {
  readonly version: PlannedVersion;
  readonly opened: Made<OpenedApi>;
  readonly asksPin: boolean;
}

function versionSet(
  { settings, rest, of, tokens, before, used }: Versions,
  { version, opened, asksPin }: VersionInWork,
  work: Work,
): Pieces<Made<RouteSet>> {
  const { api } = opened.value;
  const all = settings.versions ?? [];
  const at = all.findIndex(({ id }) => id === version.id);
  // What lies on the way to the version that is forwarded: its changes are part of every route.
  const way = all.slice(at, version.upstreamOf + 1).map(({ id }) => tokens.get(id)?.token);
  const hasDocument = all[at]?.openapi !== undefined;
  return compileSet(
    {
      settings: settingsFor(settings, version),
      api,
      version: { ...version, of, asksPin },
      parts: [rest, api, of, version.forwardedId, hasDocument, ...way],
      before: before?.sets.get(asksPin ? UNNAMED : version.id),
      used,
      hasRouter: !asksPin,
    },
    work,
  );
}
