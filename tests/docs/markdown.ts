import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A page of documentation. */
export interface Page {
  /** From the repository's root, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** A fenced block of code. */
export interface Block {
  readonly language: string;
  /** Words after the language: `run`, `file=portico.config.ts`. */
  readonly words: readonly string[];
  readonly text: string;
  readonly line: number;
}

/** A link or an image, as written. */
export interface Link {
  readonly target: string;
  readonly line: number;
}

/** Every page that people read. */
export function readPages(root: string): Page[] {
  return globSync(["*.md", "{docs,bench,examples,packages,tests}/**/*.md"], {
    cwd: root,
    exclude: ["**/node_modules/**", "**/dist/**", "bench/peers/**"],
  })
    .toSorted()
    .map((path) => ({
      path: path.replaceAll("\\", "/"),
      text: readFileSync(join(root, path), "utf8"),
    }));
}

const FENCE = /^(?<indent> *)(?<fence>`{3,}|~{3,})(?<info>[^`]*)$/;

/** The fenced blocks of a page, in order. */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let open: { fence: string; info: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const match = FENCE.exec(line)?.groups;
    if (open === undefined) {
      if (match === undefined) continue;
      open = { fence: match["fence"] ?? "", info: match["info"] ?? "", line: index + 1, lines: [] };
    } else if (line.trim() === open.fence) {
      const [language = "", ...words] = open.info.trim().split(/\s+/);
      blocks.push({ language, words, text: `${open.lines.join("\n")}\n`, line: open.line });
      open = undefined;
    } else {
      open.lines.push(line);
    }
  }
  return blocks;
}

/** The text with everything in fences and code spans blanked, line for line. */
function proseOf(text: string): string[] {
  let fence: string | undefined;
  return text.split("\n").map((line) => {
    const match = FENCE.exec(line)?.groups;
    if (fence === undefined && match !== undefined) {
      fence = match["fence"];
      return "";
    }
    if (fence === undefined) return line.replaceAll(/`[^`]*`/g, (code) => "·".repeat(code.length));
    if (line.trim() === fence) fence = undefined;
    return "";
  });
}

/** Links and images of a page, code left out. */
export function linksOf(text: string): Link[] {
  return proseOf(text).flatMap((line, index) =>
    [...line.matchAll(/\]\((?<inline>[^)\s]+)[^)]*\)|^\[[^\]]+\]: *(?<defined>\S+)/g)].map(
      ({ groups }) => ({
        target: groups?.["inline"] ?? groups?.["defined"] ?? "",
        line: index + 1,
      }),
    ),
  );
}

/** The anchors of a page's headings, made as GitHub makes them. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  const prose = proseOf(text);
  for (const [index, line] of text.split("\n").entries()) {
    const title = /^#{1,6} +(?<title>.*?) *#*$/.exec(line)?.groups?.["title"];
    if (title === undefined || prose[index] === "") continue;
    const plain = title.replaceAll(/\[(?<text>[^\]]*)\]\([^)]*\)/g, "$<text>").toLowerCase();
    const slug = plain.replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "").replaceAll(" ", "-");
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}
