import type { Modules } from "../load-modules.ts";
import type { MistakeList } from "../mistakes.ts";
import type { ChainLink } from "./chain.ts";
import { asVersionChange } from "./change.ts";
import { compilePathVersion, indexVersions, isDate } from "./choose.ts";
import { readLifecycle } from "./lifecycle.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { ApiVersions } from "./route-version.ts";
import type { LifecycleSettings, VersionBodySettings, VersionFromSettings } from "./settings.ts";

/** What is set of one version, as far as this room is concerned. */
export type VersionSettings = LifecycleSettings & {
  readonly id: string;
  readonly upstream?: unknown;
  readonly changes?: unknown;
};

/** What is set of an API with versions. */
export interface VersionedSettings {
  readonly id: string;
  readonly versions?: readonly VersionSettings[] | undefined;
  readonly currentVersion?: string;
  readonly versionFrom?: VersionFromSettings;
  readonly versionBodies?: VersionBodySettings;
}

/** One version as it will be served. */
export interface PlannedVersion {
  readonly id: string;
  /** The version that its requests are forwarded in. */
  readonly forwardedId: string;
  /** Place in the settings of the version whose upstream serves it. */
  readonly upstreamOf: number;
  /** The changes from this version to the forwarded one, oldest first. */
  readonly links: readonly ChainLink[];
  readonly lifecycle: Lifecycle | undefined;
}

/** The versions of an API, in order. */
export interface VersionPlan {
  readonly of: ApiVersions;
  readonly versions: readonly PlannedVersion[];
}

interface Work {
  readonly modules: Modules;
  readonly mistakes: MistakeList;
}

/** Paths of modules that the changes of versions name. */
export function changePaths({
  versions = [],
}: Pick<VersionedSettings, "versions">): readonly string[] {
  return versions
    .flatMap(({ changes }) => listOf(changes))
    .filter((each) => typeof each === "string");
}

/**
 * Orders versions and finds for each where it is served. A request climbs from its version to the first, from there on,
 * that has an upstream of its own, at most to the current one; what is newer than the current one is forwarded as it is.
 */
export function planVersions(
  settings: VersionedSettings & { readonly basePath: string },
  work: Work,
): VersionPlan {
  const { id: api, versions = [] } = settings;
  const ids = versions.map(({ id }) => id);
  const current = settings.currentVersion ?? ids.at(-1) ?? "";
  const place = `api '${api}'`;
  refuseOrder(ids, { current, place }, work);
  const path = pathOf(settings, place, work);
  const links = versions.map((version, index) => linksOf(version, { index, place }, work));
  const lifecycles = versions.map((version) => {
    const where = `${place}, version '${version.id}'`;
    refuseSuccessor(version, ids, { where, work });
    return readLifecycle(version, where, work.mistakes);
  });
  const { header = "Api-Version", pin = true } = settings.versionFrom ?? {};
  const { bytesMax = 1_048_576, notJson = "pass" } = settings.versionBodies ?? {};
  const currentAt = ids.indexOf(current);
  return {
    of: {
      api,
      index: indexVersions(ids),
      current,
      path,
      header: header === false ? undefined : header.toLowerCase(),
      headerName: header === false ? "Api-Version" : header,
      pins: pin,
      bytesMax,
      notJson,
    },
    versions: versions.map(({ id }, index) => {
      const end = targetOf(versions, index, currentAt);
      return {
        id,
        forwardedId: ids[end] ?? id,
        upstreamOf: end,
        links: links.slice(index + 1, end + 1).flat(),
        lifecycle: lifecycles[index],
      };
    }),
  };
}

function targetOf(versions: readonly VersionSettings[], from: number, current: number): number {
  for (let index = from; index < current; index += 1) {
    if (versions[index]?.upstream !== undefined) return index;
  }
  return Math.max(from, current);
}

interface Ids {
  readonly current: string;
  readonly place: string;
}

function refuseOrder(ids: readonly string[], { current, place }: Ids, { mistakes }: Work): void {
  for (const [index, id] of ids.entries()) {
    if (ids.indexOf(id) !== index) mistakes.push(`${place}: two versions have the id '${id}'`);
    if (/^\d/.test(id) && !isDate(id)) {
      mistakes.push(`${place}: the version '${id}' is no day of the calendar`);
    }
  }
  const dates = ids.filter(isDate);
  const misplaced = dates.find((date, index) => index > 0 && date < (dates[index - 1] ?? ""));
  if (misplaced !== undefined) {
    mistakes.push(
      `${place}: list versions oldest first; '${misplaced}' stands after a younger one`,
    );
  }
  if (!ids.includes(current)) {
    mistakes.push(
      `${place}: currentVersion '${current}' is none of its versions (${ids.join(", ") || "it has none"})`,
    );
  }
}

function pathOf(
  { versionFrom, basePath }: VersionedSettings & { readonly basePath: string },
  place: string,
  { mistakes }: Work,
): ApiVersions["path"] {
  const { path = true } = versionFrom ?? {};
  if (path === false) return undefined;
  const compiled = compilePathVersion(path === true ? "/{version}" : path, basePath);
  if (typeof compiled !== "string") return compiled;
  mistakes.push(`${place}: versionFrom.path ${compiled}`);
  return undefined;
}

function refuseSuccessor(
  { successor }: VersionSettings,
  ids: readonly string[],
  { where, work }: { readonly where: string; readonly work: Work },
): void {
  if (successor === undefined || successor.includes("/") || ids.includes(successor)) return;
  work.mistakes.push(
    `${where}: its successor '${successor}' is neither a version of the API nor an address`,
  );
}

interface Place {
  readonly index: number;
  readonly place: string;
}

function linksOf(
  { id, changes }: VersionSettings,
  { index, place }: Place,
  work: Work,
): readonly ChainLink[] {
  const given = listOf(changes);
  if (index === 0 && given.length > 0) {
    work.mistakes.push(`${place}: '${id}' is its first version, so it has changed nothing`);
  }
  return given.flatMap((each) => {
    const module = typeof each === "string" ? each : "inline";
    const value = typeof each === "string" ? loadedOf(each, work) : each;
    return listOf(value).flatMap((one): readonly ChainLink[] => {
      const change = isFault(one) ? one.fault : asVersionChange(one);
      if (typeof change !== "string") return [{ version: id, module, change }];
      work.mistakes.push(`${place}: the changes of version '${id}' (${module}): ${change}`);
      return [];
    });
  });
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly unknown[]) : [value];
}

function loadedOf(path: string, { modules }: Work): unknown {
  const loaded = modules.get(path) ?? {
    fault: "modules are only loaded for the configuration, at the start",
  };
  return "fault" in loaded ? loaded : loaded.value;
}

function isFault(value: unknown): value is { readonly fault: string } {
  return (
    typeof value === "object" &&
    value !== null &&
    "fault" in value &&
    typeof value.fault === "string"
  );
}
