// Draws architecture.json into ARCHITECTURE.md: `npm run draw`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { drawArrows, replaceBlock } from "../tests/architecture/drawing.ts";
import { readPlan, root } from "../tests/architecture/plan.ts";

const path = join(root, "ARCHITECTURE.md");
writeFileSync(path, replaceBlock(readFileSync(path, "utf8"), drawArrows(readPlan())));
