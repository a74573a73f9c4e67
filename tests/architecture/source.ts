import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync, Visitor } from "oxc-parser";
import type { ParseResult } from "oxc-parser";

/** One import, export-from, import() or import type. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** Names that are taken; `*` for all of them. */
  readonly names: readonly string[];
}

/** An exported name and where it comes from. */
export interface Export {
  readonly name: string;
  /** Specifier it is passed on from; undefined for what is declared here. */
  readonly from: string | undefined;
  readonly importedName: string;
  /** True when a JSDoc comment stands right before the declaration. */
  readonly isDocumented: boolean;
  readonly line: number;
}

/** What the rules look at. */
export interface SourceFile {
  /** Below the source folder, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly isTest: boolean;
  readonly imports: readonly Import[];
  readonly exports: readonly Export[];
  /** Lines with `new Error(` or `Error(`. */
  readonly bareErrors: readonly number[];
  readonly anys: readonly number[];
  readonly nonNulls: readonly number[];
  /** Lines with a comment that switches a check off. */
  readonly silenced: readonly number[];
}

/** Reads every TypeScript file below a folder. */
export function readSources(folder: string): SourceFile[] {
  return globSync("**/*.ts", { cwd: folder, exclude: ["**/node_modules/**"] })
    .toSorted()
    .map((path) =>
      parseSource(path.replaceAll("\\", "/"), readFileSync(join(folder, path), "utf8")),
    );
}

/** Reads one file. */
export function parseSource(path: string, text: string): SourceFile {
  const parsed = parseSync(path, text);
  const lineAt = lineIndex(text);
  const found = look(parsed, lineAt);
  return {
    path,
    text,
    lines: text.split("\n").length - (text.endsWith("\n") ? 1 : 0),
    isTest: /\.(test|suite|fixture)\.ts$/.test(path),
    imports: [...staticImports(parsed, lineAt), ...found.imports],
    exports: exportsOf(parsed, text, lineAt),
    bareErrors: found.bareErrors,
    anys: found.anys,
    nonNulls: found.nonNulls,
    silenced: parsed.comments
      .filter(({ value }) =>
        /@ts-(ignore|expect-error|nocheck)|(ox|es)lint-disable|prettier-ignore/.test(value),
      )
      .map(({ start }) => lineAt(start)),
  };
}

type LineAt = (offset: number) => number;

function lineIndex(text: string): LineAt {
  return (offset) => text.slice(0, offset).split("\n").length;
}

function staticImports(parsed: ParseResult, lineAt: LineAt): Import[] {
  const taken = parsed.module.staticImports.map((one) => ({
    specifier: one.moduleRequest.value,
    line: lineAt(one.start),
    names: one.entries.map(({ importName }) => importName.name ?? "*"),
  }));
  const passedOn = parsed.module.staticExports.flatMap(({ start, entries }) =>
    entries.flatMap(({ moduleRequest, importName }) =>
      moduleRequest === null
        ? []
        : [
            {
              specifier: moduleRequest.value,
              line: lineAt(start),
              names: [importName.name ?? "*"],
            },
          ],
    ),
  );
  return [...taken, ...passedOn];
}

function exportsOf(parsed: ParseResult, text: string, lineAt: LineAt): Export[] {
  const docs = parsed.comments.filter(
    ({ type, value }) => type === "Block" && value.startsWith("*"),
  );
  return parsed.module.staticExports.flatMap(({ start, entries }) =>
    entries.map((entry) => ({
      name: entry.exportName.name ?? (entry.moduleRequest === null ? "default" : "*"),
      from: entry.moduleRequest?.value,
      importedName: entry.importName.name ?? "*",
      isDocumented: docs.some(({ end }) => end <= start && text.slice(end, start).trim() === ""),
      line: lineAt(start),
    })),
  );
}

interface Found {
  readonly imports: Import[];
  readonly bareErrors: number[];
  readonly anys: number[];
  readonly nonNulls: number[];
}

function look(parsed: ParseResult, lineAt: LineAt): Found {
  const found: Found = { imports: [], bareErrors: [], anys: [], nonNulls: [] };
  const take = (source: unknown, at: number): void => {
    if (typeof source !== "object" || source === null || !("value" in source)) return;
    if (typeof source.value !== "string") return;
    found.imports.push({ specifier: source.value, line: lineAt(at), names: ["*"] });
  };
  const bare = (callee: { readonly type: string }, at: number): void => {
    if ("name" in callee && callee.name === "Error") found.bareErrors.push(lineAt(at));
  };
  new Visitor({
    ImportExpression: (node) => take(node.source, node.start),
    TSImportType: (node) => take(node.source, node.start),
    NewExpression: (node) => bare(node.callee, node.start),
    CallExpression: (node) => bare(node.callee, node.start),
    TSAnyKeyword: (node) => void found.anys.push(lineAt(node.start)),
    TSNonNullExpression: (node) => void found.nonNulls.push(lineAt(node.start)),
  }).visit(parsed.program);
  return found;
}
