import { DEFAULT_ORGANIZATION } from "portico/kernel";
import type { Origin, PluginContext } from "portico/kernel";
import type { RouteView } from "../route-view.ts";
import type { RouteSettings } from "../settings.ts";
import { raise } from "../errors.ts";
import { draftChange, storeChange } from "./change.ts";
import type { ChangeReason, Draft, Plan } from "./change.ts";
import { creating } from "./plans.ts";
import { routeViews } from "./route-views.ts";
import { versionKey } from "./version-key.ts";
import { makingCurrent } from "./versions.ts";
import type { NewVersion } from "./version-key.ts";
import type { RouteTable } from "./table.ts";

/** Makes a change outside of an operation: for other plugins and the command line. */
export async function makeChange(
  ctx: Pick<PluginContext, "store" | "clock">,
  change: { readonly table: RouteTable; readonly plan: Plan; readonly origin: Origin },
  cause: ChangeReason["cause"] = "change",
): Promise<Draft> {
  const { table, plan, origin } = change;
  const draft = await draftChange(table, plan);
  const scope = { organization: DEFAULT_ORGANIZATION };
  await ctx.store.transaction({ scope, origin }, async (tx) => {
    await storeChange(tx, draft, { cause, at: ctx.clock.now() });
  });
  await table.follow();
  return draft;
}

/** The plan of a new route, with its id. */
export function routePlan(
  table: RouteTable,
  { api, ...settings }: RouteSettings & { readonly api?: string; readonly version?: string },
  { id, now }: { readonly id: string; readonly now: number },
): Plan {
  const object = { kind: "route", id, api: api ?? onlyApi(table), settings, now } as const;
  return creating([object]);
}

/** The plan of a new version; a current one is made so in the same revision. */
export function versionPlan(
  table: RouteTable,
  { api, current, ...settings }: NewVersion,
  now: number,
): Plan {
  const name = { api: api ?? onlyApi(table), id: settings.id };
  const object = { kind: "version", id: versionKey(name), api: name.api, settings, now } as const;
  const create = creating([object]);
  if (current !== true) return create;
  const make = makingCurrent(name, now);
  return (rows, on) => [...create(rows, on), ...make(rows, on)];
}

/** The one API there is; `gateway.apiMissing` when it would have to be guessed. */
function onlyApi({ inForce }: RouteTable): string {
  const [only, ...others] = inForce.united.apis;
  if (only !== undefined && others.length === 0) return only.id;
  throw raise("gateway.apiMissing", { params: { count: inForce.united.apis.length } });
}

/** The view of a route by its id; `gateway.notFound` when there is none. */
export function routeView(table: RouteTable, id: string): RouteView {
  const found = routeViews(table).find((view) => view.id === id);
  if (found === undefined) throw raise("gateway.notFound", { params: { kind: "route", id } });
  return found;
}
