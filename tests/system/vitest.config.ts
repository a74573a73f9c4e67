import { defineConfig } from "vitest/config";
import { root } from "../architecture/plan.ts";

/** Tests with real processes; one file at a time, since each of them wants the machine for itself. */
export default defineConfig({
  root,
  test: {
    include: ["tests/system/*.test.ts"],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 240_000,
  },
});
