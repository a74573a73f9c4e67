import type { Method } from "../contract/index.ts";

/** One of Portico's own paths. */
export interface OwnPath {
  /** `/api/v1/keys/{id}` */
  readonly template: string;
  readonly methods: Set<string>;
}

interface Segment {
  readonly fixed: Map<string, Segment>;
  readonly patterns: {
    readonly pattern: RegExp;
    readonly source: string;
    readonly next: Segment;
  }[];
  any: Segment | undefined;
  path: OwnPath | undefined;
}

/** Portico's own paths: exact templates, so that a fronted application may have every other path. */
export interface OwnPaths {
  add(template: string, method: Method | "HEAD" | "OPTIONS"): void;
  find(path: string): OwnPath | undefined;
  templates(): readonly string[];
}

/** Makes an empty set of own paths. */
export function createOwnPaths(): OwnPaths {
  const root = segment();
  const all = new Map<string, OwnPath>();
  return {
    add: (template, method) => {
      const path = place(root, template);
      path.methods.add(method);
      if (method === "GET") path.methods.add("HEAD");
      all.set(template, path);
    },
    find: (path) => {
      // Nearly every request of a gateway ends here: one look at the first segment, no array.
      const end = path.indexOf("/", 1);
      const first = end === -1 ? path.slice(1) : path.slice(1, end);
      if (root.any === undefined && !root.fixed.has(first)) return undefined;
      return walk(root, path.split("/"), 1);
    },
    templates: () => [...all.keys()],
  };
}

function segment(): Segment {
  return { fixed: new Map(), patterns: [], any: undefined, path: undefined };
}

function place(root: Segment, template: string): OwnPath {
  let at = root;
  for (const part of template.split("/").slice(1)) at = step(at, part);
  at.path ??= { template, methods: new Set() };
  return at.path;
}

function step(at: Segment, part: string): Segment {
  if (!part.includes("{")) {
    const next = at.fixed.get(part) ?? segment();
    at.fixed.set(part, next);
    return next;
  }
  if (/^\{\w+\}$/.test(part)) {
    at.any ??= segment();
    return at.any;
  }
  const source = part
    .replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/\{\w+\}/g, "[^/]+");
  const known = at.patterns.find((each) => each.source === source);
  if (known !== undefined) return known.next;
  const next = segment();
  at.patterns.push({ pattern: new RegExp(`^${source}$`), source, next });
  return next;
}

function walk(at: Segment, parts: readonly string[], index: number): OwnPath | undefined {
  const part = parts[index];
  if (part === undefined) return at.path;
  const fixed = at.fixed.get(part);
  const found = fixed === undefined ? undefined : walk(fixed, parts, index + 1);
  if (found !== undefined || part === "") return found;
  for (const { pattern, next } of at.patterns) {
    const matched = pattern.test(part) ? walk(next, parts, index + 1) : undefined;
    if (matched !== undefined) return matched;
  }
  return at.any === undefined ? undefined : walk(at.any, parts, index + 1);
}
