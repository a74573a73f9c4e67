import type { ServerFacts } from "portico/kernel";

/** Portico's own paths, ready to be held against many routes and calls. */
export interface OwnPathIndex {
  /** The first own path that a route's template may share a path with. */
  collision(template: string): string | undefined;
  /** The own path that a call meets before any route. */
  meets(host: string | undefined, path: string): string | undefined;
}

/**
 * Two templates collide when one path may be of both. A `*` at the end of a route is a catch-all, over which own paths
 * win, so it collides with none. Where Portico has a host of its own, nothing collides.
 */
export function indexOwnPaths(
  server: Pick<ServerFacts, "ownPaths" | "ownHost" | "basePath">,
): OwnPathIndex {
  const { ownHost, basePath } = server;
  const bySize = Map.groupBy(
    server.ownPaths().map((template) => ({ template, parts: template.split("/") })),
    ({ parts }) => parts.length,
  );
  const find = (path: string): string | undefined => {
    const parts = path.split("/");
    return bySize.get(parts.length)?.find((own) => mayBeSame(parts, own.parts))?.template;
  };
  return {
    collision: (template) =>
      ownHost !== undefined || template.endsWith("/*") ? undefined : find(template),
    meets: (host, path) => {
      if (ownHost !== undefined) {
        const isOwn = host?.toLowerCase().replace(/:\d*$/, "") === ownHost;
        return isOwn ? (find(path) ?? path) : undefined;
      }
      const isBelow = basePath !== "" && `${path}/`.startsWith(`${basePath}/`);
      return find(path) ?? (isBelow ? path : undefined);
    },
  };
}

function mayBeSame(left: readonly string[], right: readonly string[]): boolean {
  return left.every((part, index) => {
    const other = right[index] ?? "";
    return part === other || part.includes("{") || other.includes("{");
  });
}
