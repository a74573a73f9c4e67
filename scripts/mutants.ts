// Proves that the tests of the great promises can fail: applies each one-line change of tests/mutants.json to a copy
// of the tree, one at a time, and asks that its test turns red. `node scripts/mutants.ts [name…]`.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
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
import { dirname, join } from "node:path";
import { startPostgres } from "../packages/server/src/kernel/testing/postgres-server.ts";
import { root, tally } from "./run.ts";
import { scratch } from "./scratch.ts";

interface Mutant {
  readonly name: string;
  readonly promise: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Arguments for vitest: a file, and `-t` with a title when one case is meant. */
  readonly test: readonly string[];
}

/** How a test ended: red only when a case failed, not when its file could not be read. */
type Light = "green" | "red" | "skipped" | "broken";
type Verdict = "caught" | "survived" | "skipped";

const TEST_MS = 120_000;

const wanted = process.argv.slice(2);
const mutants = (
  JSON.parse(readFileSync(join(root, "tests/mutants.json"), "utf8")) as readonly Mutant[]
).filter(({ name }) => wanted.length === 0 || wanted.includes(name));
// Most of a run waits for its own start: two at a time, each in a tree of its own.
const copies = [copyTree(), copyTree()];
const unchanged = new Map<string, Promise<Light>>();
const postgres = await startPostgres();
try {
  const verdicts: Verdict[] = [];
  const left = [...mutants];
  await Promise.all(
    copies.map(async (copy) => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        verdicts.push(await judge(copy, next));
      }
    }),
  );
  const count = (verdict: Verdict): number => verdicts.filter((each) => each === verdict).length;
  process.stdout.write(`${tally(count("caught"), count("survived"), count("skipped"))}\n`);
  process.exitCode = count("survived") === 0 && count("caught") > 0 ? 0 : 1;
} finally {
  await postgres.stop();
  for (const copy of copies) rmSync(copy, { recursive: true, force: true });
}

async function judge(copy: string, mutant: Mutant): Promise<Verdict> {
  const file = join(copy, mutant.file);
  const original = readFileSync(file, "utf8");
  if (original.split(mutant.find).length !== 2)
    return say(mutant, "survived", "its line is not in the file exactly once");
  const before = await lightUnchanged(copy, mutant);
  if (before === "skipped") return say(mutant, "skipped", "its test does not run on this machine");
  if (before !== "green") return say(mutant, "survived", "its test is not green without it");
  writeFileSync(
    file,
    original.replace(mutant.find, () => mutant.replace),
  );
  const after = await runTest(copy, mutant);
  writeFileSync(file, original);
  return after === "red" ? say(mutant, "caught") : say(mutant, "survived", `its test is ${after}`);
}

function lightUnchanged(copy: string, mutant: Mutant): Promise<Light> {
  const key = JSON.stringify(mutant.test);
  const light = unchanged.get(key) ?? runTest(copy, mutant);
  unchanged.set(key, light);
  return light;
}

async function runTest(copy: string, mutant: Mutant): Promise<Light> {
  const report = join(copy, "mutant-report.json");
  rmSync(report, { force: true });
  const vitest = join(copy, "node_modules/vitest/vitest.mjs");
  const reporting = ["--reporter=json", `--outputFile.json=${report}`];
  const child = spawn(process.execPath, [vitest, "run", ...reporting, ...mutant.test], {
    cwd: copy,
    stdio: "ignore",
    timeout: TEST_MS,
    env: {
      ...process.env,
      PORTICO_TEST_POSTGRES_URL: postgres.url,
      ...(mutant.test.includes("--config") ? {} : scratch()),
      NODE_COMPILE_CACHE: join(tmpdir(), "portico-compile-cache"),
    },
  });
  await once(child, "close");
  return readLight(report);
}

function readLight(report: string): Light {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8")) as {
      readonly numPassedTests: number;
      readonly numFailedTests: number;
    };
    if (numFailedTests > 0) return "red";
    return numPassedTests > 0 ? "green" : "skipped";
  } catch {
    // vitest ended, or was ended, before it wrote one.
    return "broken";
  }
}

function say(mutant: Mutant, verdict: Verdict, reason?: string): Verdict {
  const mark = { caught: "ok  ", survived: "FAIL", skipped: "skip" }[verdict];
  const end = reason === undefined ? verdict : `${verdict}: ${reason}`;
  process.stdout.write(`${mark} ${mutant.name}: ${mutant.promise}: ${end}\n`);
  return verdict;
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
