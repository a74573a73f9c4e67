// Everything that can be checked without running the server, in parallel: `npm run check`. CI runs this very list.
import { judgeCoverage } from "./coverage.ts";
import { run, tally } from "./run.ts";
import type { Ended } from "./run.ts";

/** What each npm script checks. */
const checks: Readonly<Record<string, string>> = {
  types: "types",
  lint: "lint",
  "format:check": "format",
  dead: "dead files, exports and dependencies",
  rules: "architecture and links",
};

function tell(name: string, { code, output, durationMs }: Ended): void {
  const seconds = (durationMs / 1000).toFixed(1);
  console.log(`${code === 0 ? "✓" : "✗"} ${name} (${seconds} s)`);
  if (code !== 0) console.log(output.trimEnd().replaceAll(/^/gm, "  "));
}

const ended = await Promise.all(
  Object.entries(checks).map(async ([script, name]) => {
    const end = await run(["npm", "run", "--silent", script]);
    tell(name, end);
    return end;
  }),
);
const coverage = judgeCoverage();
const mark = { passed: "✓", failed: "✗", unknown: "-" }[coverage.verdict];
console.log(`${mark} coverage of operations: ${coverage.text}`);

const broken = ended.filter(({ code }) => code !== 0).length;
const failed = broken + (coverage.verdict === "failed" ? 1 : 0);
const skipped = coverage.verdict === "unknown" ? 1 : 0;
console.log(tally(ended.length + 1 - failed - skipped, failed, skipped));
process.exitCode = failed === 0 ? 0 : 1;
