import type { PluginContext } from "portico/kernel";
import type { TableObject } from "../table/objects.ts";
import { allVersions, Table, versionKey } from "../table/index.ts";
import { viewOfConfig, viewOfObject } from "./bodies.ts";

/** A version as it is answered; `id` is its own name, `key` that with its API's. */
export type VersionView = Readonly<Record<string, unknown>> & { readonly id: string };

/** A row of a version, as it is answered. */
export function viewOfVersion(object: TableObject, current: boolean): VersionView {
  const { settings, api } = object;
  return { ...viewOfObject(object), id: String(settings["id"]), api, current };
}

/** Every version of every API, by `api:version`. */
export async function versionViews(
  ctx: PluginContext,
): Promise<readonly { readonly id: string; readonly view: VersionView }[]> {
  const table = ctx.get(Table);
  await table.follow();
  return allVersions(table).map(({ api, id, settings, isCurrent }) => {
    const key = versionKey({ api, id });
    const object = table.latest.objects.get(`version ${key}`);
    const view =
      object === undefined
        ? { ...viewOfConfig(settings), id, api, current: isCurrent }
        : viewOfVersion(object, isCurrent);
    return { id: key, view };
  });
}
