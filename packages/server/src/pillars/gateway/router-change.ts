import type { Route } from "./call.ts";
import type { Mistakes } from "./mistakes.ts";
import { emptyRouter } from "./router.ts";
import type { Router } from "./router.ts";
import type { Pieces } from "./table/pieces.ts";
import { sourceOf } from "./table/reuse.ts";
import { parseTemplate } from "./template.ts";

/** What one list of routes has that the other has not. */
export interface RouteDifference {
  readonly removed: readonly Route[];
  readonly added: readonly Route[];
}

const AT_ONCE = 16;

/** Compares two lists of routes; a route that has not changed is the same object. */
export function differenceOf(before: readonly Route[], after: readonly Route[]): RouteDifference {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const old = before.slice(start, before.length - end);
  const fresh = after.slice(start, after.length - end);
  const [left, right] = [new Set(old), new Set(fresh)];
  return {
    removed: old.filter((route) => !right.has(route)),
    added: fresh.filter((route) => !left.has(route)),
  };
}

/** The next table, with what has changed put in and taken out. Routes that would take the same calls are noted. */
export function* nextRouter(
  before: Router | undefined,
  { removed, added, routes }: RouteDifference & { readonly routes: readonly Route[] },
  mistakes: Mistakes,
): Pieces<Router> {
  if (before !== undefined && removed.length + added.length === 0) return before;
  const edit = (before ?? emptyRouter()).edit();
  for (const [index, route] of removed.entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) yield;
    edit.remove(route);
  }
  for (const [index, route] of added.entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) yield;
    // With a mistake there will be no table, and a template that is none cannot be added to one.
    if (mistakes.list.length > 0 && typeof parseTemplate(route.template) === "string") continue;
    const twin = edit.add(route);
    if (twin !== undefined) noteTwin(twin, route, mistakes);
  }
  return edit.finish(routes);
}

/** Which of two routes for the same calls wins would be chance. */
function noteTwin(twin: Route, route: Route, mistakes: Mistakes): void {
  mistakes.at = sourceOf(route);
  const both = route.methods?.filter((method) => twin.methods?.includes(method));
  for (const word of both ?? ["all methods"]) {
    mistakes.push(`routes '${twin.id}' and '${route.id}' are both ${word} ${route.template}`);
  }
}
