import { appendFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";

/** Median with the range, for people: `0.62 (0.58–0.66)`. */
export function spread(values: readonly number[], digits = 0): string {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[0] ?? 0, sorted.at(-1) ?? 0];
  return `${format(median(values), digits)} (${format(low, digits)}–${format(high, digits)})`;
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(half)] ?? 0) + (sorted[Math.ceil(half)] ?? 0)) / 2;
}

function format(value: number, digits: number): string {
  return value.toLocaleString("en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** Tells on which machine the figures that follow were measured. */
export function printMachine(): void {
  const [cpu] = cpus();
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0);
  const date = new Date().toISOString().slice(0, 10);
  console.log(
    `${date} · ${cpu?.model ?? "?"} × ${cpus().length} · ${gigabytes} GiB · Node ${process.versions.node}`,
  );
}

/** Notes a figure that is better when higher, for the run that asked for it (`npm run bench -- --smoke`). */
export function record(name: string, value: number): void {
  const file = process.env["PORTICO_BENCH_REPORT"];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ name, value })}\n`);
}

/** Ends a benchmark as failed: a figure lies on the wrong side of its must. A smoke run judges by ratios alone. */
export function miss(): void {
  if (process.env["PORTICO_BENCH_REPORT"] === undefined) process.exitCode = 1;
}

/** Reads `a,b` as a list of words; `none` has no words. */
export function list(text: string): readonly string[] {
  return text === "none" ? [] : text.split(",");
}
