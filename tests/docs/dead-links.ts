import { existsSync } from "node:fs";
import { posix } from "node:path";
import { anchorsOf, linksOf } from "./markdown.ts";
import type { Page } from "./markdown.ts";

/** Links to files or headings that are not there, as `path:line: what is wrong`. Other hosts are not asked. */
export function deadLinks(
  pages: readonly Page[],
  exists: (path: string) => boolean = existsSync,
): string[] {
  const byPath = new Map(pages.map((page) => [page.path, page]));
  return pages.flatMap((page) =>
    linksOf(page.text).flatMap(({ target, line }) => {
      if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return [];
      const [file = "", anchor] = target.split("#");
      const path = file === "" ? page.path : posix.join(posix.dirname(page.path), decodeURI(file));
      const at = `${page.path}:${line}: '${target}'`;
      const other = byPath.get(path);
      if (other === undefined && !exists(path)) return [`${at} leads nowhere`];
      if (anchor === undefined || other === undefined) return [];
      return anchorsOf(other.text).has(anchor) ? [] : [`${at}: ${path} has no heading '${anchor}'`];
    }),
  );
}
