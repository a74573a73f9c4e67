import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, tally } from "./run.ts";

/** The part of vitest's JSON report that is counted. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly name: string }[];
}

/**
 * Runs vitest, passes its output on, and ends with the closing line. A file that could not be loaded counts as a
 * failure, and so does a run without a test. `absent` are services whose tests could not run: told at the end, and a
 * failure each where `PORTICO_TEST_REQUIRE` names them.
 */
export async function runVitest(
  args: readonly string[],
  absent: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "portico-vitest-"));
  try {
    const file = join(folder, "report.json");
    const { code } = await run(
      [
        "vitest",
        "run",
        "--reporter=default",
        "--reporter=json",
        `--outputFile.json=${file}`,
        ...args,
      ],
      // Every database of a test starts threads, and each of them would strip the same types anew.
      {
        isLoud: true,
        env: { NODE_COMPILE_CACHE: join(tmpdir(), "portico-compile-cache"), ...env },
      },
    );
    return close(code, file, absent);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function close(code: number, file: string, absent: readonly string[]): number {
  const report = read(file);
  const passed = report?.numPassedTests ?? 0;
  const broken = report?.testResults.filter(({ status }) => status === "failed").length ?? 1;
  // A file that fails to load has no failed test in it; a run that fails for any other reason has neither.
  const required = (process.env["PORTICO_TEST_REQUIRE"] ?? "").split(",");
  const missed = absent.filter((service) => required.includes(service)).length;
  for (const service of absent) console.log(`${service}: its tests were skipped`);
  const counted = Math.max(report?.numFailedTests ?? 0, broken) + missed;
  const failed = counted === 0 && (code !== 0 || passed === 0) ? 1 : counted;
  console.log(tally(passed, failed, (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0)));
  return failed === 0 ? 0 : 1;
}

function read(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    // vitest ended before it wrote one: told by the exit code.
    return undefined;
  }
}
