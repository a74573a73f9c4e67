import type { ApiSettings, RouteSettings } from "./settings.ts";

/** What a route is called where it has no name: `shop GET,POST /invoices/{id}`. `path` is the whole template. */
export function routeLabel(
  api: string,
  { name, methods, path }: Pick<RouteSettings, "name" | "methods" | "path">,
): string {
  return name ?? [api, ...(methods === undefined ? [] : [methods.join(",")]), path].join(" ");
}

/** The rate of a route, its own before its API's: an integer is requests per minute. */
export function rateOf(route: RouteSettings, api: ApiSettings): string | undefined {
  const rate = route.rateLimit ?? api.rateLimit;
  return typeof rate === "number" ? `${rate}/min` : rate;
}
