import { defineConfig } from "vitest/config";
import { StoreCounts } from "./tests/setup/store-counts.ts";

/** What `npm test` runs: unit, door and conformance tests, on every database. */
export default defineConfig({
  plugins: [
    {
      name: "portico-store-counts",
      // Not under `reporters`: those on the command line replace them.
      configureVitest: ({ vitest }) => {
        vitest.config.reporters.push(new StoreCounts());
      },
    },
  ],
  test: {
    include: [
      "packages/*/src/**/*.test.ts",
      "tests/*.test.ts",
      "tests/{docs,bad-input}/**/*.test.ts",
    ],
    globalSetup: ["tests/setup/postgres.ts"],
    pool: "forks",
    // Tests wait for disks, timers and processes as much as they work: three keep two cores busy.
    maxWorkers: 3,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Counted in a run of all tests (scripts/test.ts), judged by `npm run check`.
    coverage: {
      provider: "v8",
      include: ["packages/server/src/pillars/*/operations/**/*.ts"],
      exclude: ["**/*.test.ts", "**/*.fixture.ts"],
      reporter: ["json-summary", "json"],
      reportsDirectory: "dist/coverage/operations",
      reportOnFailure: true,
    },
  },
});
