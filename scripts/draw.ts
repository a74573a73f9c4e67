// Writes the parts of the pages that come from code: `npm run draw`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatedBlocks } from "../tests/docs/blocks.ts";
import { replaceBlock } from "../tests/docs/generated.ts";
import { root } from "./run.ts";

for (const { page, name, text } of generatedBlocks) {
  const path = join(root, page);
  writeFileSync(path, replaceBlock(readFileSync(path, "utf8"), name, text()));
}
