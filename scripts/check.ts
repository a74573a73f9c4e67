// Everything that can be checked without running the server, in parallel: `npm run check`. CI runs this very list.
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
const failed = ended.filter(({ code }) => code !== 0).length;
console.log(tally(ended.length - failed, failed, 0));
process.exitCode = failed === 0 ? 0 : 1;
