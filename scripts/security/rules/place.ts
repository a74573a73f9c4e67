import type { Node } from "oxc-parser";
import type { Finding } from "../exceptions.ts";
import type { Source } from "../sources.ts";

/** A finding at a node. */
export function findingAt(
  source: Source,
  node: Node,
  [rule, wrong]: readonly [string, string],
): Finding {
  const at = `packages/server/src/${source.path}`;
  return { rule, at, told: `${at}:${source.lineOf(node)}: ${wrong}` };
}

/** True when the file lies in one of the places; a place that ends with `/` is a folder. */
export function liesIn(source: Source, places: readonly string[]): boolean {
  return places.some((place) =>
    place.endsWith("/") ? source.path.startsWith(place) : source.path === place,
  );
}

/** The last name of what an expression reads: `b` of `a.b`, `a` of `a`, of a call its callee's. */
export function nameOf(node: Node): string | undefined {
  switch (node.type) {
    case "Identifier":
    case "PrivateIdentifier":
      return node.name;
    case "Literal":
      return typeof node.value === "string" ? node.value : undefined;
    case "MemberExpression":
      return nameOf(node.property);
    case "CallExpression":
      return nameOf(node.callee);
    case "ChainExpression":
    case "ParenthesizedExpression":
    case "AwaitExpression":
      return nameOf("expression" in node ? node.expression : node.argument);
    default:
      return undefined;
  }
}

/** The whole dotted name: `process.env`, `globalThis.fetch`; undefined where it is not one. */
export function dottedName(node: Node): string | undefined {
  if (node.type === "Identifier") return node.name;
  if (node.type !== "MemberExpression") return undefined;
  const object = dottedName(node.object);
  const property =
    node.computed && node.property.type !== "Literal" ? undefined : nameOf(node.property);
  return object === undefined || property === undefined ? undefined : `${object}.${property}`;
}
