import { targetOf } from "./arrows.ts";
import type { Plan } from "./plan.ts";
import type { SourceFile } from "./source.ts";

/** Every ring of files that import each other, types included, each as `a → b → a`. */
export function rings(plan: Plan, files: readonly SourceFile[]): string[] {
  const graph = new Map(
    files.filter(({ isTest }) => !isTest).map((file) => [file.path, neighbours(plan, file)]),
  );
  const done = new Set<string>();
  const found: string[] = [];
  for (const start of graph.keys()) visit({ graph, done, found }, start, []);
  return found;
}

function neighbours(plan: Plan, file: SourceFile): string[] {
  const targets = file.imports.map((taken) => targetOf(plan, file, taken));
  return [...new Set(targets.flatMap((one) => (one.kind === "library" ? [] : [one.path])))];
}

interface Walk {
  readonly graph: ReadonlyMap<string, readonly string[]>;
  readonly done: Set<string>;
  readonly found: string[];
}

function visit(walk: Walk, path: string, trail: readonly string[]): void {
  const at = trail.indexOf(path);
  if (at >= 0) {
    walk.found.push([...trail.slice(at), path].join(" → "));
    return;
  }
  if (walk.done.has(path)) return;
  for (const next of walk.graph.get(path) ?? []) visit(walk, next, [...trail, path]);
  walk.done.add(path);
}
