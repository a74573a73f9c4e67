import type { Node } from "oxc-parser";
import type { Finding } from "../exceptions.ts";
import type { Source } from "../sources.ts";
import { dottedName, findingAt, nameOf } from "./place.ts";

const SECRET = /(secret|token|signature|hmac|mac|hash|digest|password)(hex|base64)?$/i;
const EQUAL = new Set(["===", "!==", "==", "!="]);
/** Methods that compare as `===` does, and stop at the first difference. */
const COMPARES = new Set(["equals", "compare", "localeCompare", "is"]);

/** Secrets that are compared in a time that tells where they differ; `equalSecrets` does not. */
export function lookAtComparisons(source: Source): Finding[] {
  return source.nodes
    .filter(({ node }) => isLeaky(node))
    .map(({ node }) =>
      findingAt(source, node, [
        "compare",
        `${source.textOf(node)} compares a secret; use equalSecrets`,
      ]),
    );
}

function isLeaky(node: Node): boolean {
  if (node.type === "BinaryExpression") {
    if (!EQUAL.has(node.operator)) return false;
    if (isKnown(node.left) || isKnown(node.right)) return false;
    return isSecret(node.left) || isSecret(node.right);
  }
  if (node.type !== "CallExpression" || node.callee.type !== "MemberExpression") return false;
  if (!COMPARES.has(nameOf(node.callee) ?? "")) return false;
  return [node.callee.object, ...node.arguments].some((part) => isSecret(part));
}

function isSecret(node: Node): boolean {
  return SECRET.test(nameOf(node)?.replace(/^#/, "") ?? "");
}

/** A literal, or nothing: whoever reads the source knows it already. */
function isKnown(node: Node): boolean {
  return (
    node.type === "Literal" ||
    node.type === "UnaryExpression" ||
    (node.type === "TemplateLiteral" && node.expressions.length === 0) ||
    dottedName(node) === "undefined"
  );
}
