// Everything that is judged of security without running the server: `npm run security`. CI runs this very list.
import { readSources } from "./security/sources.ts";
import { askRegistry, belowMinimum, readMinimums } from "./security/advisories.ts";
import { judge, readExceptions, staleExceptions } from "./security/exceptions.ts";
import type { Finding } from "./security/exceptions.ts";
import { lookAtLock, readLock, readManifests } from "./security/lock.ts";
import { RULES } from "./security/rules.ts";
import { faultsOf, SBOM_PATH, writeSbom } from "./security/sbom.ts";
import { scanHistory, scanTree } from "./security/secrets.ts";
import { tally } from "./run.ts";

const today = new Date().toISOString().slice(0, 10);
const exceptions = readExceptions();
const all: Finding[] = [];
let passed = 0;
let failed = 0;

function tell(name: string, lines: readonly string[]): void {
  if (lines.length === 0) passed += 1;
  else failed += 1;
  console.log(`${lines.length === 0 ? "✓" : "✗"} ${name}`);
  for (const line of lines) console.log(`  ${line}`);
}

function tellFindings(name: string, findings: readonly Finding[]): void {
  all.push(...findings);
  tell(name, judge(findings, exceptions, today));
}

const [advisories, tree, history] = await Promise.all([askRegistry(), scanTree(), scanHistory()]);
const [lock, manifests, minimums] = [readLock(), readManifests(), readMinimums()];

if (advisories.isAnswered) {
  tellFindings("no high or critical advisory in the lock file", advisories.findings);
}
tellFindings(
  `${minimums.length} direct dependencies are at or above their fixed versions`,
  belowMinimum(lock, manifests, minimums),
);
tellFindings(
  `lock file: ${Object.keys(lock.packages).length} packages are hashed, unscripted, in step`,
  lookAtLock(lock, manifests),
);
const sources = readSources();
for (const { name, look } of RULES) {
  tellFindings(`${name} (${sources.length} files)`, sources.flatMap(look));
}
tellFindings("no secret in the tree", tree);
tellFindings(`no secret in ${history.commits} commits`, history.findings);
const bill = writeSbom();
tell(`${SBOM_PATH}: CycloneDX 1.6, ${bill.components.length} components`, faultsOf(bill));
tell(`${exceptions.length} exceptions hold`, staleExceptions(all, exceptions, today));

console.log(tally(passed, failed, advisories.isAnswered ? 0 : 1));
if (!advisories.isAnswered) console.log("advisories: not checked (the registry did not answer)");
process.exitCode = failed === 0 ? 0 : 1;
