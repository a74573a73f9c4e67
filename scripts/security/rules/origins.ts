import type { ArrowFunctionExpression, Function, Node } from "oxc-parser";
import type { Placed, Source } from "../sources.ts";
import { nameOf } from "./place.ts";

/** One expression that a name takes its value from; `key` where it takes one member of it. */
export interface Origin {
  /** Undefined: from outside the file. */
  readonly node: Node | undefined;
  readonly key?: string;
}

/** Where the names of a file get their values. */
export interface Names {
  readonly origins: ReadonlyMap<string, readonly Origin[]>;
  /** What the functions of the file give back, by name. */
  readonly results: ReadonlyMap<string, readonly (Node | null | undefined)[]>;
}

type Functional = ArrowFunctionExpression | Function;

/** Reads the names of a file. Scopes are not told apart: a name is as good as the worst of its namesakes. */
export function namesOf(source: Source): Names {
  return { origins: originsOf(source), results: returnsOf(source) };
}

/** What a function gives back. */
export function resultsOf(source: Source, node: Functional): (Node | null | undefined)[] {
  if (node.body === null) return [undefined];
  if (node.body.type !== "BlockStatement") return [node.body];
  return source.nodes
    .filter((one) => one.node.type === "ReturnStatement" && nearest(one) === node)
    .map((one) => (one.node.type === "ReturnStatement" ? one.node.argument : undefined));
}

function nearest({ within }: Placed): Node | undefined {
  return within.find((node) => isFunction(node));
}

function isFunction(node: Node | undefined): node is Functional {
  const { type } = node ?? {};
  return (
    type === "ArrowFunctionExpression" ||
    type === "FunctionExpression" ||
    type === "FunctionDeclaration"
  );
}

function returnsOf(source: Source): ReadonlyMap<string, (Node | null | undefined)[]> {
  return new Map(
    source.nodes.flatMap(({ node, within }) => {
      const name = isFunction(node) ? functionName(node, within[0]) : undefined;
      return name === undefined || !isFunction(node) ? [] : [[name, resultsOf(source, node)]];
    }),
  );
}

function functionName(node: Functional, parent: Node | undefined): string | undefined {
  if (node.id !== null) return node.id.name;
  return parent?.type === "VariableDeclarator" ? nameOf(parent.id) : undefined;
}

function originsOf(source: Source): Names["origins"] {
  const origins = new Map<string, Origin[]>();
  const add: Add = (pattern, node) => {
    for (const { name, key } of bound(pattern)) {
      const origin = key === undefined ? { node } : { node, key };
      origins.set(name, [...(origins.get(name) ?? []), origin]);
    }
  };
  for (const placed of source.nodes) {
    const { node, within } = placed;
    if (node.type === "VariableDeclarator") {
      const loop = within.find(
        ({ type }) => type === "ForOfStatement" || type === "BlockStatement",
      );
      const isLooped = loop?.type === "ForOfStatement" && loop.left === within[0];
      add(node.id, node.init ?? (isLooped ? loop.right : undefined));
    } else if (node.type === "AssignmentExpression") {
      add(node.left, node.right);
    } else if (node.type === "CallExpression" && nameOf(node.callee) === "push") {
      if (node.callee.type === "MemberExpression") {
        for (const pushed of node.arguments) add(node.callee.object, pushed);
      }
    } else if (isFunction(node)) {
      addParameters(source, placed, add);
    }
  }
  return origins;
}

type Add = (pattern: Node, from: Node | undefined) => void;

function addParameters(source: Source, { node, within }: Placed, add: Add): void {
  if (!isFunction(node)) return;
  const [parent] = within;
  const name = functionName(node, parent);
  const isExported = within.some(({ type }) => type === "ExportNamedDeclaration");
  const isTop = within.every(({ type }) => !type.includes("Function"));
  node.params.forEach((param, index) => {
    const pattern = param.type === "TSParameterProperty" ? param.parameter : param;
    if (isFixedType(source, pattern)) return add(pattern, NOTHING);
    // A callback of `list.map(…)` is given the list's elements.
    if (parent?.type === "CallExpression" && parent.callee.type === "MemberExpression") {
      return add(pattern, index === 0 ? parent.callee.object : NOTHING);
    }
    if (name === undefined || (isExported && isTop)) return add(pattern, undefined);
    const calls = source.nodes.flatMap((one) =>
      one.node.type === "CallExpression" && nameOf(one.node.callee) === name ? [one.node] : [],
    );
    if (calls.length === 0) return add(pattern, undefined);
    for (const call of calls) add(pattern, call.arguments[index] ?? NOTHING);
  });
}

/** A literal: nothing that anybody could fill. */
const NOTHING: Node = { type: "Literal", value: null, raw: "null", start: 0, end: 0 };

/** A number, or one of some words: the type checker has judged the callers. */
function isFixedType(source: Source, pattern: Node): boolean {
  const annotation = "typeAnnotation" in pattern ? pattern.typeAnnotation : undefined;
  if (annotation === null || annotation === undefined) return false;
  return /^: *(number|"[a-z ]+"( \| "[a-z ]+")*|Dialect|Words)$/.test(source.textOf(annotation));
}

interface Bound {
  readonly name: string;
  readonly key?: string;
}

function bound(pattern: Node): Bound[] {
  switch (pattern.type) {
    case "Identifier":
      return [{ name: pattern.name }];
    case "ArrayPattern":
      return pattern.elements.flatMap((one) => (one === null ? [] : bound(one)));
    case "ObjectPattern":
      return pattern.properties.flatMap((one) => {
        if (one.type !== "Property") return bound(one);
        const key = nameOf(one.key);
        const inner = bound(one.value);
        return key === undefined || inner.length > 1
          ? inner
          : inner.map(({ name }) => ({ name, key }));
      });
    case "AssignmentPattern":
      return bound(pattern.left);
    case "RestElement":
      return bound(pattern.argument);
    default:
      return [];
  }
}
