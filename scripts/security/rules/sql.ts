import type { Node } from "oxc-parser";
import type { Finding } from "../exceptions.ts";
import type { Placed, Source } from "../sources.ts";
import { fixedIn } from "./fixed.ts";
import { dottedName, findingAt, nameOf } from "./place.ts";

const STATEMENT =
  /^\s*(select\s|insert into\s|update \S+ set\b|update $|delete from\s|(create|alter|drop|truncate) (unique |temp )?(table|index|schema|database|view|role|trigger|function)\b|with \S* ?as |pragma |vacuum |attach |set local |listen |notify )/i;

/**
 * SQL that is put together from anything but the source's own words. Three places are looked at: every text that begins
 * like a statement, every member called `sql`, and what `sql.raw` is given. Kysely's sql`…` binds what it is given.
 */
export function lookAtSql(source: Source): Finding[] {
  const isFixed = fixedIn(source);
  return source.nodes.flatMap((placed) => {
    const text = textOf(placed);
    if (text === undefined || isFixed(text)) return [];
    const shown = source.textOf(text).replaceAll(/\s+/g, " ").slice(0, 80);
    return [
      findingAt(source, text, ["sql", `'${shown}' is not made of constants; bind the value`]),
    ];
  });
}

/** The expression that has to be fixed, if the node is one of the three places. */
function textOf({ node, within }: Placed): Node | undefined {
  const [parent] = within;
  if (node.type === "TemplateLiteral") {
    const isBound = parent?.type === "TaggedTemplateExpression";
    return !isBound && STATEMENT.test(node.quasis[0]?.value.raw ?? "") ? node : undefined;
  }
  if (node.type === "BinaryExpression" && node.operator === "+") {
    const first = leftmost(node);
    return first !== undefined && STATEMENT.test(first) ? node : undefined;
  }
  if (node.type === "Property" && parent?.type === "ObjectExpression") {
    return nameOf(node.key) === "sql" && isPutTogether(node.value) ? node.value : undefined;
  }
  if (node.type === "CallExpression" && dottedName(node.callee) === "sql.raw") {
    return node.arguments[0];
  }
  return undefined;
}

/** A plain name or member passes on what was judged where it was written. */
function isPutTogether(node: Node): boolean {
  return (
    node.type === "TemplateLiteral" ||
    node.type === "BinaryExpression" ||
    node.type === "ConditionalExpression" ||
    (node.type === "CallExpression" && node.arguments.some((one) => isPutTogether(one)))
  );
}

function leftmost(node: Node): string | undefined {
  if (node.type === "BinaryExpression") return leftmost(node.left);
  if (node.type === "TemplateLiteral") return node.quasis[0]?.value.raw;
  return node.type === "Literal" && typeof node.value === "string" ? node.value : undefined;
}
