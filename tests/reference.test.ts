import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./architecture/plan.ts";
import { generatedBlocks } from "./docs/blocks.ts";
import { replaceBlock } from "./docs/generated.ts";

test.each(generatedBlocks)("$page has the $name of the code", ({ page, name, text }) => {
  const document = readFileSync(join(root, page), "utf8");
  expect(document, "run `npm run draw`").toBe(replaceBlock(document, name, text()));
});

test("a block that is out of date is replaced, and a missing one is told", () => {
  const page = "# A\n<!-- x: written by `npm run draw` -->\nold\n<!-- /x -->\nend\n";
  expect(replaceBlock(page, "x", "new")).toBe(
    "# A\n<!-- x: written by `npm run draw` -->\n\nnew\n\n<!-- /x -->\nend\n",
  );
  expect(() => replaceBlock(page, "y", "new")).toThrow("has no block");
});
