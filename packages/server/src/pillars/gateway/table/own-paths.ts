/** Portico's own paths, ready to be held against many routes. */
export interface OwnPathIndex {
  /** The first own path that a route's template may share a path with. */
  collision(template: string): string | undefined;
}

/**
 * Two templates collide when one path may be of both. A `*` at the end of a route is a catch-all, over which own paths
 * win, so it collides with none.
 */
export function indexOwnPaths(templates: readonly string[]): OwnPathIndex {
  const bySize = Map.groupBy(
    templates.map((template) => ({ template, parts: template.split("/") })),
    ({ parts }) => parts.length,
  );
  return {
    collision: (template) => {
      const parts = template.split("/");
      if (parts.at(-1) === "*") return undefined;
      const found = bySize.get(parts.length)?.find((own) => mayBeSame(parts, own.parts));
      return found?.template;
    },
  };
}

function mayBeSame(left: readonly string[], right: readonly string[]): boolean {
  return left.every((part, index) => {
    const other = right[index] ?? "";
    return part === other || part.includes("{") || other.includes("{");
  });
}
