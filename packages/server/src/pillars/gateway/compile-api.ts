import { compileVersions } from "./compile-versions.ts";
import { groundOf, hold, openApi } from "./open-api.ts";
import type { ApiInWork, Routed } from "./open-api.ts";
import type { Documents } from "./openapi/index.ts";
import { compileSet } from "./route-set.ts";
import { isBelow } from "./router.ts";
import type { ApiSettings, EmitSettings, VersionSettings } from "./settings.ts";
import type { Pieces } from "./table/pieces.ts";
import type { ApiUnit } from "./table/reuse.ts";
import { isSameButFor, isSameList } from "./table/take-over.ts";
import type { Work } from "./work.ts";

/** Compiles an API, or takes over what of it has not changed. Undefined, with its mistakes noted, when its upstream is none. */
export function* compileApi(settings: ApiSettings, work: Work): Pieces<ApiUnit | undefined> {
  const { reuse, documents, mistakes } = work;
  const before = reuse.get(settings.id);
  const from = foundationOf(settings, work);
  if (before !== undefined && before.settings === settings && isSameList(before.from, from)) {
    for (const { value } of before.opened.values()) hold(value.options, work);
    return before;
  }
  refuseBadPlace(settings, work);
  const rest = restOf(settings, before, work);
  const first = documents.of(settings)?.document.basePath ?? "/";
  const opened = openApi(
    {
      settings: { basePath: first, ...settings },
      definedBy: settings,
      rest,
      before: before?.opened.get(""),
    },
    work,
  );
  if (opened === undefined) return undefined;
  const used = new Set<EmitSettings>();
  const given = { settings, before, rest, opened, used };
  const routed =
    settings.versions === undefined
      ? yield* plainRoutes(given, work)
      : yield* compileVersions(given, work);
  mistakes.at = settings;
  for (const emit of (settings.emits ?? []).filter((each) => !used.has(each))) {
    mistakes.push(
      `api '${settings.id}': the emit '${emit.type}' is on ${emit.on.method} ${emit.on.path}, which is no route of the API`,
    );
  }
  return { settings, from, rest, ...routed, opened: new Map([["", opened], ...routed.opened]) };
}

function* plainRoutes(
  { settings, before, rest, opened, used }: ApiInWork,
  work: Work,
): Pieces<Routed> {
  const { api } = opened.value;
  const set = yield* compileSet(
    {
      settings,
      api,
      version: undefined,
      parts: [rest, api],
      before: before?.sets.get(""),
      used,
      hasRouter: false,
    },
    work,
  );
  const { routes } = set.value;
  const sets = new Map([["", set]]);
  return { standing: routes, routes, sets, versions: undefined, opened: new Map() };
}

function refuseBadPlace({ id, host, basePath }: ApiSettings, { mistakes, ownHost }: Work): void {
  if (basePath !== undefined && !isBelow(basePath, "")) {
    mistakes.push(`api '${id}': basePath does not begin with a slash`);
  }
  if (host !== undefined && host.toLowerCase() === ownHost) {
    mistakes.push(`api '${id}': its host ${ownHost} is Portico's own`);
  }
}

/** The token of the API before, where nothing has changed but routes and versions. */
function restOf(settings: ApiSettings, before: ApiUnit | undefined, work: Work): object {
  const isSame =
    before !== undefined &&
    isSameButFor(before.settings, settings, ["routes", "versions", "currentVersion"]) &&
    before.from[0] === work.documents.of(settings);
  return isSame ? before.rest : {};
}

/** Everything outside its settings that an API is compiled from; its own document first. */
function foundationOf(settings: ApiSettings, work: Work): readonly unknown[] {
  const { documents } = work;
  const { upstream, versions = [] } = settings;
  return [
    documents.of(settings),
    ...groundOf(upstream, settings, work),
    ...versions.flatMap((version) => [
      documentOf(settings, version, documents),
      ...(version.upstream === undefined ? [] : groundOf(version.upstream, version, work)),
    ]),
  ];
}

function documentOf(
  { openapiRemoteRefs }: ApiSettings,
  { openapi }: VersionSettings,
  documents: Documents,
): unknown {
  if (openapi === undefined) return undefined;
  const remote = openapiRemoteRefs === undefined ? {} : { openapiRemoteRefs };
  return documents.of({ openapi, ...remote });
}
