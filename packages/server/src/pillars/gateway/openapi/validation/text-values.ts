/** A name and its value, as a query or a form has them. Undefined for what is no percent-encoded UTF-8. */
export interface Pair {
  readonly name: string;
  readonly value: string;
}

/** How many pairs a query or a form may have. */
const PAIRS_MAX = 2_000;

/** Reads `a=1&b[c]=2` as forms write it (WHATWG URL §5.1): `+` is a space. Answers what is wrong with it. */
export function readPairs(text: string): readonly Pair[] | string {
  if (text === "") return [];
  const parts = text.split("&");
  if (parts.length > PAIRS_MAX) return `has more than ${PAIRS_MAX} parameters`;
  const pairs: Pair[] = [];
  for (const part of parts) {
    if (part === "") continue;
    const at = part.indexOf("=");
    const name = decoded(at < 0 ? part : part.slice(0, at));
    const value = at < 0 ? "" : decoded(part.slice(at + 1));
    if (name === undefined || value === undefined) return "holds escapes that are no UTF-8";
    pairs.push({ name, value });
  }
  return pairs;
}

function decoded(text: string): string | undefined {
  return decodeText(text.includes("+") ? text.replaceAll("+", " ") : text);
}

/** Percent-decodes; undefined for escapes that are no UTF-8. */
export function decodeText(text: string): string | undefined {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** What was sent under one name: its values, and what stands in brackets behind it. */
export interface Tree {
  readonly values: string[];
  readonly members: Map<string, Tree>;
}

const DEPTH_MAX = 16;

/** An empty tree. */
export function newTree(): Tree {
  return { values: [], members: new Map() };
}

/**
 * Puts a pair into a tree: `a[b][]=1` is a member `b` of `a` with the item 1. A name in `whole` is not taken apart: some
 * documents call a parameter `ids[]`.
 */
export function plant(root: Tree, { name, value }: Pair, whole: ReadonlySet<string>): void {
  let at = root;
  for (const step of whole.has(name) ? [name] : stepsOf(name)) {
    let next = at.members.get(step);
    if (next === undefined) {
      next = newTree();
      at.members.set(step, next);
    }
    at = next;
  }
  at.values.push(value);
}

/** `a[b][c]` → a, b, c. What is no such form, or too deep, is one name. */
export function stepsOf(name: string): readonly string[] {
  const at = name.indexOf("[");
  if (at <= 0 || !name.endsWith("]")) return [name];
  const steps = name.slice(at + 1, -1).split("][");
  return steps.length > DEPTH_MAX ? [name] : [name.slice(0, at), ...steps];
}
