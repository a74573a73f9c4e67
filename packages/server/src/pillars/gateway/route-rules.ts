import type { RouteSettings } from "./settings.ts";

/** What a route is called where it has no name: `shop GET,POST /invoices/{id}`. `path` is the whole template. */
export function routeLabel(
  api: string,
  { name, methods, path }: Pick<RouteSettings, "name" | "methods" | "path">,
): string {
  return name ?? [api, ...(methods === undefined ? [] : [methods.join(",")]), path].join(" ");
}
