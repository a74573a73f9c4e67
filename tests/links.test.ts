import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./architecture/plan.ts";
import { deadLinks } from "./docs/dead-links.ts";
import { readPages } from "./docs/markdown.ts";

test("every link between pages leads to a file and a heading", () => {
  const pages = readPages(root);
  expect(pages.map(({ path }) => path)).toContain("README.md");
  expect(deadLinks(pages, (path) => existsSync(join(root, path)))).toEqual([]);
});

test("a link is dead when its file, its heading or its own heading is gone", () => {
  const pages = [
    {
      path: "docs/a.md",
      text: [
        "# A page: of `code` & more",
        "[up](../README.md) [here](#a-page-of-code--more) [b](b.md#second-1) [out](https://example.com/x)",
        "[no file](c.md) [no heading](b.md#third) ![no picture](a.svg)",
        "[not here](#nothing)",
        "```sh",
        "[in code](nowhere.md)",
        "# not a heading",
        "```",
        "`[in code](nowhere.md)` [later][x]",
        "",
        "[x]: gone.md",
      ].join("\n"),
    },
    { path: "docs/b.md", text: "# First\n## Second\n## Second\n" },
    { path: "README.md", text: "# R\n[not a heading](docs/a.md#not-a-heading)\n" },
  ];
  expect(deadLinks(pages, () => false)).toEqual([
    "docs/a.md:3: 'c.md' leads nowhere",
    "docs/a.md:3: 'b.md#third': docs/b.md has no heading 'third'",
    "docs/a.md:3: 'a.svg' leads nowhere",
    "docs/a.md:4: '#nothing': docs/a.md has no heading 'nothing'",
    "docs/a.md:11: 'gone.md' leads nowhere",
    "README.md:2: 'docs/a.md#not-a-heading': docs/a.md has no heading 'not-a-heading'",
  ]);
});
