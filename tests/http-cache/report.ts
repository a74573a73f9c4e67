import type { CacheTest, Suite } from "./suite.ts";

/** What must be reached at least; the figures of research for the best of the known proxies lie below. */
export const GOALS = { required: 150, optimal: 80 } as const;

const KINDS = ["required", "optimal", "check"] as const;

/** The outcome for the terminal, and as a page of the docs. */
export function report(
  suite: Suite,
  settings: object,
): { readonly text: string; readonly page: string } {
  const results = suite.results();
  const rows = KINDS.map((kind) => {
    const tests = suite.tests.filter((test) => (test.kind ?? "required") === kind);
    const failed = tests.filter(({ id }) => results[id] !== true);
    return { kind, tests, failed, passed: tests.length - failed.length };
  });
  const why = ({ id }: CacheTest): string => {
    const result = results[id];
    return result === undefined || result === true ? "was not run" : result[1];
  };
  const text = rows
    .map(({ kind, tests, failed, passed }) => {
      const list = kind === "check" ? [] : failed.map((test) => `  ${test.id}: ${why(test)}\n`);
      return `${kind}: ${passed}/${tests.length} passed\n${list.join("")}`;
    })
    .join("");
  return { text, page: pageOf({ suite, settings, rows, why }) };
}

interface PageParts {
  readonly suite: Suite;
  readonly settings: object;
  readonly rows: readonly {
    readonly kind: (typeof KINDS)[number];
    readonly tests: readonly CacheTest[];
    readonly failed: readonly CacheTest[];
    readonly passed: number;
  }[];
  readonly why: (test: CacheTest) => string;
}

function pageOf({ suite, settings, rows, why }: PageParts): string {
  const table = rows.map(
    ({ kind, tests, passed }) =>
      `| ${kind === "check" ? "for information" : kind} | ${passed} | ${tests.length} |`,
  );
  const failures = rows
    .filter(({ kind }) => kind !== "check")
    .flatMap(({ kind, failed }) =>
      failed.map((test) => `| \`${test.id}\` | ${kind} | ${why(test).replaceAll("|", "\\|")} |`),
    );
  return `${[
    "# The cache by the public list of tests",
    "",
    `Written by \`npm run cache-tests -- --write\`: [http-cache-tests](https://cache-tests.fyi) ${suite.version} from npm, run through a`,
    `gateway with \`cache: ${JSON.stringify(settings)}\`. A test of the last kind has no right answer; it shows what a cache does.`,
    "",
    "| kind | passed | of |",
    "| --- | --- | --- |",
    ...table,
    "",
    "What did not pass:",
    "",
    "| test | kind | what the suite says |",
    "| --- | --- | --- |",
    ...failures,
  ].join("\n")}\n`;
}
