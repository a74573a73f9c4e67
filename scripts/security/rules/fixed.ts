import type { CallExpression, Node } from "oxc-parser";
import type { Source } from "../sources.ts";
import { namesOf, resultsOf } from "./origins.ts";
import type { Names } from "./origins.ts";
import { dottedName, nameOf } from "./place.ts";

/** Constants by the house's spelling; another module's are judged there. */
const CONSTANT = /^[A-Z][A-Z0-9_]*$/;
/** Numbers cannot carry SQL, whatever their value. */
const ARITHMETIC = new Set(["-", "*", "/", "%", "**", "|", "&", "<<", ">>", ">>>"]);
/** Methods that only rearrange what they are called on and given. */
const REARRANGES =
  /^(join|slice|filter|concat|trim|toSorted|toReversed|flat|fill|repeat|at|entries|values|keys|with)$/;
/** Writes a text's `?` as `$1`; what it returns is called `to` all over the house. */
const REWRITES = /^(to|placeholders)$/;
/** Whatever it is given, a number or a name in quotes comes back. */
const TAMES = /^(Number|toFixed|escapeIdentifier)$/;
/** The migration context's words for a column's type. */
const COLUMN_TYPES = /^(integer|text|bytes|json|real|boolean)$/;

/**
 * Asks whether a text holds nothing but what the source says itself. Names are followed within one file: constants,
 * parameters of functions that only this file calls, elements of fixed lists. A value from outside (a parameter of an
 * exported function, a row, a request) is never fixed.
 */
export function fixedIn(source: Source): (node: Node) => boolean {
  const judge = new Judge(source);
  return (node) => judge.isFixed(node);
}

class Judge {
  readonly #source: Source;
  readonly #names: Names;
  readonly #open = new Set<Node>();

  constructor(source: Source) {
    this.#source = source;
    this.#names = namesOf(source);
  }

  /** A name that leads back to itself adds nothing new: taken as fixed while it is being judged. */
  isFixed(node: Node): boolean {
    if (this.#open.has(node)) return true;
    this.#open.add(node);
    const verdict = this.#judge(node);
    this.#open.delete(node);
    return verdict;
  }

  #all(nodes: readonly (Node | null | undefined)[]): boolean {
    return nodes.every((node) => node === null || (node !== undefined && this.isFixed(node)));
  }

  #judge(node: Node): boolean {
    const parts = partsOf(node);
    if (parts !== undefined) return this.#all(parts);
    switch (node.type) {
      case "ArrowFunctionExpression":
      case "FunctionExpression":
        return this.#all(resultsOf(this.#source, node));
      case "CallExpression":
        return this.#isCall(node);
      case "MemberExpression":
        return this.#isMember(node.object, node.computed ? "" : (nameOf(node.property) ?? ""));
      case "Identifier":
        return this.#isName(node.name);
      default:
        return false;
    }
  }

  #isName(name: string): boolean {
    const origins = this.#names.origins.get(name);
    if (origins === undefined) return name === "undefined" || CONSTANT.test(name);
    return origins.every(({ node, key }) => {
      if (node === undefined) return false;
      return key === undefined ? this.isFixed(node) : this.#isPick(node, key);
    });
  }

  /** One member of what an expression yields. */
  #isPick(node: Node, key: string): boolean {
    if (key === "length" || key === "sql") return true;
    if (node.type === "ObjectExpression") {
      const named = node.properties.filter(
        (one) => one.type !== "Property" || nameOf(one.key) === key,
      );
      return this.#all(named);
    }
    const results =
      node.type === "CallExpression" && this.#names.results.get(nameOf(node.callee) ?? "");
    if (!results) return this.isFixed(node);
    return results.every((one) => one !== null && one !== undefined && this.#isPick(one, key));
  }

  #isMember(object: Node, name: string): boolean {
    // What is called `sql` was judged where it was written; `length` is a number.
    if (name === "length" || name === "sql") return true;
    if (nameOf(object) === "type" && COLUMN_TYPES.test(name)) return true;
    return this.isFixed(object);
  }

  #isCall({ callee, arguments: given }: CallExpression): boolean {
    const name = nameOf(callee) ?? "";
    if (TAMES.test(name)) return true;
    // `placeholders(dialect)` itself is a function; what it is then given is the text.
    if (REWRITES.test(name)) {
      return (name === "placeholders" && callee.type === "Identifier") || this.#all(given);
    }
    if (dottedName(callee) === "Array.from") return given.length === 2 && this.#all(given.slice(1));
    if (callee.type === "MemberExpression") {
      if (name === "map" || name === "flatMap") return this.#all(given);
      return REARRANGES.test(name) && this.#all([callee.object, ...given]);
    }
    const results = this.#names.results.get(name);
    return results !== undefined && this.#all(results);
  }
}

/** The parts that have to be fixed for the whole to be; undefined where that is not the question. */
function partsOf(node: Node): readonly (Node | null)[] | undefined {
  switch (node.type) {
    case "Literal":
    case "UpdateExpression":
    case "UnaryExpression":
      return [];
    case "TemplateLiteral":
      return node.expressions;
    case "ArrayExpression":
      return node.elements;
    case "ObjectExpression":
      return node.properties;
    case "Property":
      return [node.value];
    case "SpreadElement":
      return [node.argument];
    case "BinaryExpression":
      return ARITHMETIC.has(node.operator) ? [] : [node.left, node.right];
    case "LogicalExpression":
      return [node.left, node.right];
    case "AssignmentExpression":
      return [node.right];
    case "ConditionalExpression":
      return [node.consequent, node.alternate];
    case "ParenthesizedExpression":
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "ChainExpression":
      return [node.expression];
    default:
      return undefined;
  }
}
