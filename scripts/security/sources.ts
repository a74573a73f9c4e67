import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync, visitorKeys } from "oxc-parser";
import type { Node } from "oxc-parser";
import { root } from "../run.ts";

/** A parsed file of the server. */
export interface Source {
  /** Below `packages/server/src`, with `/`. */
  readonly path: string;
  readonly nodes: readonly Placed[];
  readonly lineOf: (node: Node) => number;
  readonly textOf: (node: Node) => string;
}

/** A node and what it stands in, nearest first. */
export interface Placed {
  readonly node: Node;
  readonly within: readonly Node[];
}

const FOLDER = "packages/server/src";

/** Reads what runs in production: no tests, no fixtures, not the test kit. */
export function readSources(): Source[] {
  return globSync("**/*.ts", { cwd: join(root, FOLDER) })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => !/\.(test|suite|fixture)\.ts$|^kernel\/testing\//.test(path))
    .toSorted()
    .map((path) => parseSource(path, readFileSync(join(root, FOLDER, path), "utf8")));
}

/** Parses one file. */
export function parseSource(path: string, text: string): Source {
  const nodes: Placed[] = [];
  walk(parseSync(path, text).program, [], nodes);
  return {
    path,
    nodes,
    lineOf: (node) => text.slice(0, node.start).split("\n").length,
    textOf: (node) => text.slice(node.start, node.end),
  };
}

function walk(node: Node, within: readonly Node[], into: Placed[]): void {
  into.push({ node, within });
  const inner = [node, ...within];
  for (const key of visitorKeys[node.type] ?? []) {
    for (const child of [Reflect.get(node, key) as unknown].flat()) {
      if (isNode(child)) walk(child, inner, into);
    }
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}
