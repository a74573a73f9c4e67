import { shortfalls } from "./shortfalls.ts";
import type { CacheTest, CacheTestResult, Suite } from "./suite.ts";

const KINDS = ["required", "optimal", "check"] as const;

interface Row {
  readonly kind: (typeof KINDS)[number];
  readonly tests: readonly CacheTest[];
  readonly failed: readonly CacheTest[];
  readonly passed: number;
}

/** The outcome for the terminal, and as a page of the docs. */
export function report(
  suite: Suite,
  settings: unknown,
): { readonly text: string; readonly page: string } {
  const results = suite.results();
  const rows = KINDS.map((kind) => rowOf(suite, kind, results));
  const text = rows
    .map(({ kind, tests, failed, passed }) => {
      const list = failed.map(({ id }) => `  ${id}: ${whyNot(results[id])}\n`);
      return `${kind}: ${passed}/${tests.length} passed\n${kind === "check" ? "" : list.join("")}`;
    })
    .join("");
  return { text, page: pageOf({ suite, settings, rows }) };
}

function rowOf(
  { tests: all }: Suite,
  kind: Row["kind"],
  results: Readonly<Record<string, CacheTestResult>>,
): Row {
  const tests = all.filter((test) => (test.kind ?? "required") === kind);
  const failed = tests.filter(({ id }) => results[id] !== true);
  return { kind, tests, failed, passed: tests.length - failed.length };
}

function whyNot(result: CacheTestResult | undefined): string {
  return result === undefined || result === true ? "was not run" : result[1];
}

interface PageParts {
  readonly suite: Suite;
  readonly settings: unknown;
  readonly rows: readonly Row[];
}

function pageOf({ suite, settings, rows }: PageParts): string {
  const others = suite.others.map(({ name, results }) => {
    const counted = KINDS.map((kind) => String(rowOf(suite, kind, results).passed));
    return `| ${name} | ${counted.join(" | ")} |`;
  });
  const failures = rows
    .filter(({ kind }) => kind !== "check")
    .flatMap(({ kind, failed }) =>
      failed.map(({ id }) => `| \`${id}\` | ${kind} | ${shortfalls[id] ?? "not looked at yet"} |`),
    );
  return `${[
    "# The cache by the public list of tests",
    "",
    `Written by \`npm run cache-tests -- --write\`: [http-cache-tests](https://cache-tests.fyi) ${suite.version} from npm, run through a`,
    `gateway with \`cache: ${JSON.stringify(settings)}\`, since the list asks of a cache to guess lifetimes and to store what sets`,
    "cookies, which `cache: true` does not. `npm run cache-tests -- --defaults` measures that.",
    "",
    "| passed | required | optimal | for information |",
    "| --- | --- | --- | --- |",
    `| of | ${rows.map(({ tests }) => String(tests.length)).join(" | ")} |`,
    `| **Portico** | ${rows.map(({ passed }) => `**${passed}**`).join(" | ")} |`,
    ...others,
    "",
    "The other rows are counted in the results that the package itself brings, of the versions of its day. Tests for information",
    "have no right answer; they show what a cache does.",
    "",
    "What did not pass, and why:",
    "",
    "| test | kind | why |",
    "| --- | --- | --- |",
    ...failures,
  ].join("\n")}\n`;
}
