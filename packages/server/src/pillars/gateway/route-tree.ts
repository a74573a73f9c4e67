import type { Match, Route } from "./call.ts";
import { Children } from "./children.ts";
import { isPlainParameter, readValues } from "./template.ts";
import type { Template, TemplateSegment } from "./template.ts";

/** What is at the end of a path: the routes of one shape. Never changed, but exchanged. */
export interface Leaf {
  readonly routes: readonly Route[];
  readonly byMethod: ReadonlyMap<string, Match>;
  readonly any: Match | undefined;
  readonly wrongMethod: Match;
}

/** One edit of trees: it changes the branches that it made itself in place, and copies all others. */
export type EditMark = symbol;

/**
 * A branch of a tree of paths. Once its edit has ended it is never changed again, so that tables share what is the same
 * in both.
 */
export interface Branch {
  readonly madeBy: EditMark;
  readonly fixed: Children<Branch>;
  /** Segments that are partly fixed, the most fixed first: `{id}.pdf` before `{id}:{verb}` before `{id:uuid}`. */
  patterns: readonly Pattern[] | undefined;
  parameter: Branch | undefined;
  leaf: Leaf | undefined;
  /** Everything below. */
  rest: Leaf | undefined;
}

interface Pattern {
  readonly segment: TemplateSegment;
  readonly weight: number;
  readonly branch: Branch;
}

/** What becomes of the leaf of one template; undefined where there was or shall be none. */
export interface TreeEdit {
  readonly mark: EditMark;
  readonly change: (leaf: Leaf | undefined) => Leaf | undefined;
}

/** The leaf of some routes, undefined for none. The first route of a method has it; GET answers HEAD where nothing else does. */
export function leafOf(routes: readonly Route[]): Leaf | undefined {
  const [first] = routes;
  if (first === undefined) return undefined;
  const byMethod = new Map<string, Match>();
  let any: Match | undefined;
  for (const route of routes) {
    const match: Match = { kind: "route", route };
    if (route.methods === undefined) any ??= match;
    for (const method of route.methods ?? []) {
      if (!byMethod.has(method)) byMethod.set(method, match);
    }
  }
  const get = byMethod.get("GET");
  if (get !== undefined && !byMethod.has("HEAD")) byMethod.set("HEAD", get);
  const allowed = [...byMethod.keys()].toSorted().join(", ");
  const wrongMethod: Match = { kind: "wrongMethod", allowed, api: first.api };
  return { routes, byMethod, any, wrongMethod };
}

/** The tree with the leaf of a template changed; undefined when nothing is left of it. */
export function editTree(
  root: Branch | undefined,
  template: Template,
  edit: TreeEdit,
): Branch | undefined {
  return editBranch(root, { template, index: 0 }, edit);
}

interface Place {
  readonly template: Template;
  readonly index: number;
}

function editBranch(
  before: Branch | undefined,
  { template, index }: Place,
  edit: TreeEdit,
): Branch | undefined {
  const branch = ownedBy(edit.mark, before);
  const segment = template.segments[index];
  const next = { template, index: index + 1 };
  if (segment === undefined) {
    if (template.isRest) branch.rest = edit.change(branch.rest);
    else branch.leaf = edit.change(branch.leaf);
  } else if (isPlainParameter(segment)) {
    branch.parameter = editBranch(branch.parameter, next, edit);
  } else if (segment.parameters.length === 0) {
    const text = segment.literals[0] ?? "";
    branch.fixed.set(text, editBranch(branch.fixed.get(text), next, edit));
  } else {
    const at = branch.patterns?.find((each) => isSameShape(each.segment, segment));
    const below = editBranch(at?.branch, next, edit);
    branch.patterns = withPattern(branch.patterns ?? [], at?.segment ?? segment, below);
  }
  return isEmpty(branch) ? undefined : branch;
}

function ownedBy(mark: EditMark, before: Branch | undefined): Branch {
  if (before?.madeBy === mark) return before;
  return {
    madeBy: mark,
    fixed: before?.fixed.copy() ?? new Children<Branch>(),
    patterns: before?.patterns,
    parameter: before?.parameter,
    leaf: before?.leaf,
    rest: before?.rest,
  };
}

function isEmpty({ fixed, patterns, parameter, leaf, rest }: Branch): boolean {
  return fixed.size === 0 && [patterns, parameter, leaf, rest].every((each) => each === undefined);
}

/** The order is that of the segments, whatever the order of the edits. */
function withPattern(
  patterns: readonly Pattern[],
  segment: TemplateSegment,
  branch: Branch | undefined,
): readonly Pattern[] | undefined {
  const others = patterns.filter((each) => each.segment !== segment);
  if (branch === undefined) return others.length === 0 ? undefined : others;
  const { literals, parameters } = segment;
  const kinds = parameters.filter(({ kind }) => kind !== undefined).length;
  const weight = literals.join("").length * 8 + kinds;
  return [...others, { segment, weight, branch }].toSorted(
    (a, b) => b.weight - a.weight || (nameOf(a) < nameOf(b) ? -1 : 1),
  );
}

function nameOf({ segment: { literals, parameters } }: Pattern): string {
  return [...literals, ...parameters.map(({ kind = "" }) => kind)].join(" ");
}

function isSameShape(one: TemplateSegment, other: TemplateSegment): boolean {
  return (
    one.parameters.length === other.parameters.length &&
    one.literals.every((literal, index) => literal === other.literals[index]) &&
    one.parameters.every(({ kind }, index) => kind === other.parameters[index]?.kind)
  );
}

/** The leaf of a path, from the character `from` on. */
export function walk(at: Branch, path: string, from: number): Leaf | undefined {
  if (from > path.length) return at.leaf ?? at.rest;
  const slash = path.indexOf("/", from);
  const end = slash < 0 ? path.length : slash;
  const part = path.slice(from, end);
  const fixed = at.fixed.get(part);
  const found = fixed === undefined ? undefined : walk(fixed, path, end + 1);
  if (found !== undefined) return found;
  if (at.patterns !== undefined) {
    const matched = walkPatterns(at.patterns, { path, part, next: end + 1 });
    if (matched !== undefined) return matched;
  }
  if (at.parameter !== undefined && part !== "" && !isDisguised(at, part)) {
    const taken = walk(at.parameter, path, end + 1);
    if (taken !== undefined) return taken;
  }
  return at.rest;
}

interface Step {
  readonly path: string;
  readonly part: string;
  readonly next: number;
}

function walkPatterns(patterns: readonly Pattern[], { path, part, next }: Step): Leaf | undefined {
  for (const { segment, branch } of patterns) {
    if (readValues(segment, part) === undefined) continue;
    const found = walk(branch, path, next);
    if (found !== undefined) return found;
  }
  return undefined;
}

const SUB_DELIMITERS = /%(?:21|2[4-9A-C]|3[ABD]|40)/g;

/**
 * `1%3Acancel` is another segment than `1:cancel` (RFC 3986 §2.2), but an upstream that decodes first takes it for the
 * same. It is no value of a parameter where its decoded form has a route of its own, with rules of its own.
 */
function isDisguised(at: Branch, part: string): boolean {
  if (!part.includes("%")) return false;
  const plain = part.replaceAll(SUB_DELIMITERS, decodeURIComponent);
  if (plain === part) return false;
  if (at.fixed.get(plain) !== undefined) return true;
  return at.patterns?.some(({ segment }) => readValues(segment, plain) !== undefined) ?? false;
}
