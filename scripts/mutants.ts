// Proves that the tests of the great promises can fail: applies each one-line change of tests/mutants.json to a copy
// of the tree, one at a time, and asks that its test turns red. `node scripts/mutants.ts [name…]`.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

interface Mutant {
  readonly name: string;
  readonly promise: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Arguments for vitest: a file, and `-t` with a title when one case is meant. */
  readonly test: readonly string[];
}

const root = resolve(import.meta.dirname, "..");
const wanted = process.argv.slice(2);
const mutants = (
  JSON.parse(readFileSync(join(root, "tests/mutants.json"), "utf8")) as readonly Mutant[]
).filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const copy = copyTree();
let survivors = 0;
try {
  for (const mutant of mutants) survivors += isCaught(mutant) ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}
process.stdout.write(`mutants: ${mutants.length - survivors} passed, ${survivors} failed\n`);
process.exitCode = survivors === 0 ? 0 : 1;

function isCaught(mutant: Mutant): boolean {
  const file = join(copy, mutant.file);
  const original = readFileSync(file, "utf8");
  if (original.split(mutant.find).length !== 2)
    return say(mutant, "its line is not in the file exactly once");
  if (runTest(mutant) !== 0) return say(mutant, "its test is red without it");
  writeFileSync(
    file,
    original.replace(mutant.find, () => mutant.replace),
  );
  const status = runTest(mutant);
  writeFileSync(file, original);
  return status === 0 ? say(mutant, "SURVIVED: its test stays green") : say(mutant, "caught", true);
}

function runTest(mutant: Mutant): number | null {
  const vitest = join(copy, "node_modules/vitest/vitest.mjs");
  return spawnSync(process.execPath, [vitest, "run", ...mutant.test], {
    cwd: copy,
    stdio: "ignore",
  }).status;
}

function say(mutant: Mutant, verdict: string, isGood = false): boolean {
  process.stdout.write(
    `${isGood ? "ok  " : "FAIL"} ${mutant.name}: ${mutant.promise}: ${verdict}\n`,
  );
  return isGood;
}

/** The tracked files and a node_modules whose `portico` is the copy's own. */
function copyTree(): string {
  const target = mkdtempSync(join(tmpdir(), "portico-mutants-"));
  const listed = spawnSync("git", ["ls-files", "-co", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  for (const file of listed.stdout.split("\n").filter((line) => line !== "")) {
    mkdirSync(dirname(join(target, file)), { recursive: true });
    cpSync(join(root, file), join(target, file));
  }
  mkdirSync(join(target, "node_modules"));
  for (const entry of readdirSync(join(root, "node_modules"))) {
    const to =
      entry === "portico" ? join(target, "packages/server") : join(root, "node_modules", entry);
    symlinkSync(to, join(target, "node_modules", entry));
  }
  return target;
}
