import type { Route } from "./call.ts";
import { compileApi } from "./compile-api.ts";
import type { Mistakes } from "./mistakes.ts";
import { differenceOf, nextRouter } from "./router-change.ts";
import type { RouteDifference } from "./router-change.ts";
import type { Router } from "./router.ts";
import type { Pieces } from "./table/pieces.ts";
import type { ApiUnit, Compilations } from "./table/reuse.ts";
import type { United } from "./table/unite.ts";
import type { CompileOptions, Work } from "./work.ts";

/** A table ready to serve. */
export interface Compiled {
  readonly router: Router;
  /** Every route, those of all versions among them, in the order of the settings. */
  readonly routes: readonly Route[];
  /** APIs of which the table that it was built after has other routes, or none. */
  readonly changed: ReadonlySet<string>;
  readonly compilations: Compilations;
  /** Lets go of the upstreams that its routes use: those that no other table holds close when their calls have ended. */
  readonly release: () => void;
}

/** What a table is built after: what of it has not changed is taken over. */
export type Before = Pick<Compiled, "router" | "compilations">;

/** Builds the table, step by step. All mistakes are collected; with any there is no table. */
export function* compile(
  united: United,
  { before, ...options }: Omit<CompileOptions, "reuse"> & { readonly before: Before | undefined },
): Pieces<Compiled | undefined> {
  const reuse: Compilations = before?.compilations ?? new Map<string, ApiUnit>();
  const work: Work = { ...options, reuse, united, held: [] };
  const { held, mistakes } = work;
  const release = (): void => {
    for (const upstream of held.splice(0)) options.upstreams.release(upstream);
  };
  refuseTwinIds(united, mistakes);
  const units = new Map<string, ApiUnit>();
  for (const settings of united.apis) {
    mistakes.at = settings;
    const unit = yield* compileApi(settings, work);
    // Of two with one id, which is a mistake, both are looked at for theirs.
    const { id } = settings;
    if (unit !== undefined) units.set(units.has(id) ? `${id} ${units.size}` : id, unit);
    yield;
  }
  const { changed, ...difference } = changesOf(reuse, units);
  const standing = [...units.values()].flatMap((unit) => unit.standing);
  const router = yield* nextRouter(before?.router, { ...difference, routes: standing }, mistakes);
  if (mistakes.list.length > 0) {
    release();
    return undefined;
  }
  const routes = [...units.values()].flatMap((unit) => unit.routes);
  return { router, routes, changed, compilations: units, release };
}

/** Only APIs that were compiled anew are compared. */
function changesOf(
  before: Compilations,
  after: Compilations,
): RouteDifference & { readonly changed: ReadonlySet<string> } {
  const removed: Route[] = [];
  const added: Route[] = [];
  const changed = new Set<string>();
  for (const id of new Set([...before.keys(), ...after.keys()])) {
    const [old, fresh] = [before.get(id), after.get(id)];
    if (old === fresh) continue;
    const difference = differenceOf(old?.standing ?? [], fresh?.standing ?? []);
    removed.push(...difference.removed);
    added.push(...difference.added);
    if (difference.removed.length + difference.added.length > 0) changed.add(id);
  }
  return { removed, added, changed };
}

function refuseTwinIds({ apis, upstreams }: United, mistakes: Mistakes): void {
  for (const [what, list] of [
    ["APIs", apis],
    ["upstreams", upstreams],
  ] as const) {
    const ids = new Set<string>();
    for (const settings of list) {
      mistakes.at = settings;
      if (ids.has(settings.id)) mistakes.push(`two ${what} have the id '${settings.id}'`);
      ids.add(settings.id);
    }
  }
}
