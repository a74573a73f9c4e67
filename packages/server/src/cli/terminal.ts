import { createInterface } from "node:readline/promises";
import { isProblem } from "../base/index.ts";
import type { Problem } from "../base/index.ts";
import { raise } from "./errors.ts";
import { exitCodeOf } from "./exit.ts";

/** Flags that every command has. */
export interface Globals {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** False under `--no-input`: a question then fails and names the flag to pass. */
  readonly input: boolean;
  readonly yes: boolean;
  readonly config: string | undefined;
  readonly cwd: string;
}

/** What a command gives: `data` for `--json`, `text` for people, `hint` for stderr. */
export interface Output {
  readonly data: unknown;
  readonly text: string;
  readonly hint?: string;
}

/** Data goes to stdout and nothing else does. */
export function print(output: Output, globals: Globals): void {
  const text = globals.json ? JSON.stringify(output.data, null, 2) : output.text;
  if (text !== "") process.stdout.write(`${text}\n`);
  if (output.hint !== undefined) hint(output.hint, globals);
}

/**
 * Prints one of many outputs: under `--json` one line of JSON each. Settles when the terminal has taken it; false when
 * nobody reads any more, as behind `head`.
 */
export async function printLine(output: Output, globals: Globals): Promise<boolean> {
  const text = globals.json ? JSON.stringify(output.data) : output.text;
  if (output.hint !== undefined) hint(output.hint, globals);
  return await new Promise((done) => {
    const closed = (): void => done(false);
    process.stdout.once("error", closed);
    process.stdout.write(`${text}\n`, (error) => {
      const isTaken = error === null || error === undefined;
      // A pipe that was closed tells so twice: here, and by an event that must find its listener.
      if (isTaken) process.stdout.off("error", closed);
      done(isTaken);
    });
  });
}

/** Progress, hints and warnings: stderr, and nothing under `--quiet`. */
export function hint(text: string, globals: Pick<Globals, "quiet">): void {
  if (!globals.quiet) process.stderr.write(`${text}\n`);
}

interface Explained {
  readonly what: string;
  readonly fix: string;
}

/** Our messages say what was wrong first and what to do last (house rule 27). */
function explain(message: string): Explained {
  const [first = message, ...rest] = message.split(/(?<=[.!?])\s+(?=[A-Z])/);
  return { what: first, fix: rest.join(" ") };
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? cause.message : "";
}

/** Everything thrown, as a problem; what is none is a defect. */
function toProblem(error: unknown): Problem {
  if (isProblem(error)) return error;
  const what = error instanceof Error ? `${error.name}: ${error.message}.` : String(error);
  return raise("cli.unexpected", { params: { what }, cause: error });
}

function lines(problem: Problem, globals: Globals): string {
  const errors = problem.options.errors ?? [];
  // Some messages list their errors for logs; here they get lines of their own.
  const { what, fix } = explain(problem.message.split("\n")[0] ?? problem.message);
  const why = reasonOf(problem);
  const rows = [`error: ${what}`];
  if (why !== "" && !what.includes(why)) rows.push(`  why:  ${why}`);
  for (const { pointer, detail } of errors) rows.push(`  - ${pointer}: ${detail}`);
  if (fix !== "") rows.push(`  fix:  ${fix}`);
  rows.push(`  code: ${problem.code}`);
  const stack = problem.cause instanceof Error ? problem.cause.stack : problem.stack;
  if (globals.verbose && stack !== undefined) rows.push(stack);
  return rows.join("\n");
}

/** Tells what went wrong on stderr, for people or as an RFC 9457 document, and returns the exit code. */
export function fail(error: unknown, globals: Globals): number {
  const problem = toProblem(error);
  const exit = exitCodeOf(problem);
  const { code, status, message: detail } = problem;
  const { errors } = problem.options;
  const type = `/docs/errors/${code}`;
  const document = { type, title: explain(detail).what, status, detail, code, exit, errors };
  process.stderr.write(`${globals.json ? JSON.stringify(document) : lines(problem, globals)}\n`);
  return exit;
}

/** One question with a default. `flag` is what answers it where nobody can be asked. */
export interface Question {
  readonly text: string;
  readonly fallback: string;
  readonly flag: string;
}

/** Asks on stderr. `--yes` takes the default; without a terminal, or with `--no-input`, it is `cli.needsInput`. */
export async function ask(question: Question, globals: Globals): Promise<string> {
  if (globals.yes) return question.fallback;
  if (!globals.input || !process.stdin.isTTY) {
    throw raise("cli.needsInput", { params: { question: question.text, flag: question.flag } });
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question(`${question.text} [${question.fallback || "none"}] `);
  lines.close();
  return answer.trim() === "" ? question.fallback : answer.trim();
}

/** Rows with their columns under one another. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    }
  }
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd();
  return rows.map(line).join("\n");
}
