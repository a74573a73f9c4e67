import type { Route } from "../call.ts";
import type { Mistakes } from "../mistakes.ts";
import { shapeOf } from "../template.ts";

/** Finds routes that would take the same calls: which one wins would be chance. */
export function twinFinder(mistakes: Mistakes): {
  /** `settings` is what the route was compiled from. */
  add(route: Route, settings: object): void;
} {
  const seen = new Map<string, Route>();
  return {
    add: (route, settings) => {
      const shape = placeOf(route);
      for (const method of route.methods ?? ["*"]) {
        const key = `${method} ${shape}`;
        const twin = seen.get(key);
        seen.set(key, route);
        if (twin === undefined) continue;
        const word = method === "*" ? "all methods" : method;
        mistakes.at = settings;
        mistakes.push(`routes '${twin.id}' and '${route.id}' are both ${word} ${route.template}`);
      }
    },
  };
}

const places = new WeakMap<Route, string>();

/** Host and shape; a route that is taken over from table to table is looked at once. */
function placeOf(route: Route): string {
  const known = places.get(route);
  if (known !== undefined) return known;
  const place = `${route.api.host ?? ""} ${shapeOf(route.template)}`;
  places.set(route, place);
  return place;
}
