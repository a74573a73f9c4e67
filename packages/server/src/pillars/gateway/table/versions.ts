import { raise } from "../errors.ts";
import type { ApiSettings, VersionSettings } from "../settings.ts";
import type { ObjectKind } from "../tables.ts";
import type { Edit, Plan } from "./change.ts";
import { keyOf } from "./objects.ts";
import type { TableObject } from "./objects.ts";
import { nextOf } from "./plans.ts";
import type { RouteTable } from "./table.ts";
import { versionKey } from "./version-key.ts";
import type { VersionName } from "./version-key.ts";

/** What an API gets that asks for no version; undefined when it has none. */
function currentOf({ versions, currentVersion }: ApiSettings): string | undefined {
  return versions === undefined ? undefined : (currentVersion ?? versions.at(-1)?.id);
}

/** Every version of every API. */
export function allVersions(table: RouteTable): readonly (VersionName & {
  readonly settings: VersionSettings;
  readonly isCurrent: boolean;
})[] {
  return table.inForce.united.apis.flatMap((api) =>
    (api.versions ?? []).map((settings) => ({
      api: api.id,
      id: settings.id,
      settings,
      isCurrent: currentOf(api) === settings.id,
    })),
  );
}

/**
 * The version that is meant by `2026-11-01` or `shop:2026-11-01`. Throws `gateway.notFound`, and
 * `gateway.versionAmbiguous` where several APIs have it and none is named.
 */
export function resolveVersion(table: RouteTable, text: string, api?: string): VersionName {
  const found = allVersions(table).filter(
    (each) => (api === undefined || each.api === api) && [each.id, versionKey(each)].includes(text),
  );
  const [first, ...others] = found;
  if (first === undefined) {
    throw raise("gateway.notFound", { params: { kind: "version", id: text } });
  }
  if (others.length === 0) return { api: first.api, id: first.id };
  throw raise("gateway.versionAmbiguous", {
    params: {
      version: text,
      apis: found.map((each) => each.api).join(", "),
      example: versionKey(first),
    },
  });
}

/** Makes a version the current one of its API; `gateway.pinned` where the configuration says which that is. */
export function makingCurrent({ api, id }: VersionName, now: number): Plan {
  return ({ objects }, table): readonly Edit[] => {
    const row = objects.get(keyOf({ kind: "api", id: api }));
    if (row !== undefined) {
      const settings = { ...row.settings, currentVersion: id };
      return [{ action: "updated", object: nextOf(row, settings, now) }];
    }
    const configured = table.config.apis.find((each) => each.id === api);
    if (configured === undefined) {
      throw raise("gateway.notFound", { params: { kind: "api", id: api } });
    }
    if (configured.currentVersion !== undefined) {
      throw raise("gateway.pinned", { params: { kind: "current version of the API", id: api } });
    }
    const before = objects.get(keyOf({ kind: "current", id: api }));
    const settings = { version: id };
    if (before !== undefined) return [{ action: "updated", object: nextOf(before, settings, now) }];
    return [
      { action: "created", object: newObject({ kind: "current", id: api, api }, settings, now) },
    ];
  };
}

function newObject(
  named: { readonly kind: ObjectKind; readonly id: string; readonly api: string },
  settings: TableObject["settings"],
  now: number,
): TableObject {
  const at = Math.floor(now);
  return { ...named, settings, revision: 1, createdAt: at, updatedAt: at };
}
