import { defineConfig } from "vitest/config";
import { root } from "./architecture/plan.ts";

/** What `npm run check` runs: tests that read files and start nothing. */
export default defineConfig({
  root,
  test: { include: ["tests/architecture.test.ts", "tests/links.test.ts"] },
});
