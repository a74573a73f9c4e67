// `npm run bench [scenario] [-- options]`; without a name, all of them one after another. `npm run bench -- --smoke` takes a
// short look at the ratios and fails only where one lies below half of what is recorded in `recorded.json`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const scenarios = ["gateway", "events", "keys", "limits", "webhooks", "jobs", "start"];
const SMOKE: Readonly<Record<string, readonly string[]>> = {
  gateway: ["--pairs", "2", "--seconds", "2", "--no-peers"],
  events: ["--pairs", "2", "--seconds", "2", "--stores", "sqlite", "--peers", "none"],
  // Beside BullMQ where redis-server and the peers are there; fetches nothing.
  webhooks:
    "--pairs 3 --seconds 2 --stores sqlite --only flood --peers bullmq-always --no-install".split(
      " ",
    ),
};
const WORST = 0.5;

interface Figure {
  readonly name: string;
  readonly value: number;
}

function runScenario(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): boolean {
  const script = join(import.meta.dirname, `${name}.ts`);
  const { status } = spawnSync(process.execPath, [script, ...args], {
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  return status === 0;
}

/** Judges each figure of a short run by the recorded median of a long one. */
function smoke(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "portico-bench-smoke-"));
  const report = join(folder, "report.jsonl");
  try {
    const hasRun = Object.entries(SMOKE).every(([name, args]) =>
      runScenario(name, args, { PORTICO_BENCH_REPORT: report }),
    );
    if (!hasRun) return false;
    const recorded = JSON.parse(
      readFileSync(join(import.meta.dirname, "recorded.json"), "utf8"),
    ) as Readonly<Record<string, number>>;
    const figures = readFileSync(report, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Figure);
    return figures.map((figure) => judge(figure, recorded[figure.name])).every(Boolean);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function judge({ name, value }: Figure, median: number | undefined): boolean {
  if (median === undefined) {
    console.log(`✗ ${name}: ${value.toFixed(2)}, and no median is recorded`);
    return false;
  }
  const isGood = value >= WORST * median;
  console.log(`${isGood ? "✓" : "✗"} ${name}: ${value.toFixed(2)}, recorded ${median.toFixed(2)}`);
  return isGood;
}

const [wanted, ...args] = process.argv.slice(2);
if (wanted === "--smoke") {
  process.exitCode = smoke() ? 0 : 1;
} else if (wanted !== undefined && !scenarios.includes(wanted)) {
  console.error(`There is no benchmark '${wanted}'; there are ${scenarios.join(", ")}.`);
  process.exitCode = 2;
} else {
  for (const scenario of wanted === undefined ? scenarios : [wanted]) {
    if (!runScenario(scenario, args)) process.exitCode = 1;
  }
}
