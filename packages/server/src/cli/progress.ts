import type { Progress, Report } from "../kernel/contract/index.ts";
import type { Globals } from "./terminal.ts";

const BAR = 24;
/** A bar is drawn anew this often, a line without a terminal written this often. */
const DRAW_MS = 100;
const LINE_MS = 5_000;
/** Work that ends sooner says nothing: its result is there already. */
const SILENT_MS = 500;

/** Where progress is shown. */
export interface Screen {
  readonly write: (text: string) => void;
  /** A terminal that can draw over its last line. */
  readonly canRedraw: boolean;
  readonly now: () => number;
}

/** A bar on stderr from its first report to its end. */
export interface ProgressBar {
  readonly report: Report;
  /** Takes the bar away; a line stays that says how long it took. */
  readonly end: () => void;
}

/** Standard error: redrawn where it is a terminal that no script watches. */
function stderrScreen(): Screen {
  const { CI, TERM } = process.env;
  const isPlain = CI !== undefined || TERM === "dumb";
  return {
    write: (text) => void process.stderr.write(text),
    canRedraw: process.stderr.isTTY && !isPlain,
    now: () => performance.now(),
  };
}

/**
 * Shows how far a piece of work is: on a terminal a bar with rate and time left, elsewhere a line every 5 s, and nothing
 * under `--quiet`. Work that ends within half a second shows nothing.
 */
export function createProgressBar({ quiet }: Pick<Globals, "quiet">, screen: Screen): ProgressBar {
  const startedAt = screen.now();
  let last: Progress | undefined;
  let stageAt = startedAt;
  let shownAt: number | undefined;
  const everyMs = screen.canRedraw ? DRAW_MS : LINE_MS;
  const show = (progress: Progress, now: number): void => {
    shownAt = now;
    const line = lineOf(progress, now - stageAt);
    screen.write(screen.canRedraw ? `\r\u001B[K${line}` : `${line}\n`);
  };
  return {
    report: (progress) => {
      const now = screen.now();
      if (progress.doing !== last?.doing) stageAt = now;
      last = progress;
      const waitedMs = now - (shownAt ?? startedAt);
      if (!quiet && waitedMs >= (shownAt === undefined ? SILENT_MS : everyMs)) show(progress, now);
    },
    end: () => {
      if (quiet || last === undefined || shownAt === undefined) return;
      const took = seconds(screen.now() - startedAt);
      screen.write(`${screen.canRedraw ? "\r\u001B[K" : ""}took ${took}\n`);
    },
  };
}

function lineOf({ doing, done, total, unit = "steps" }: Progress, spentMs: number): string {
  if (total === undefined || total <= 0) return `${doing}: ${amount(done, unit)}`;
  const share = Math.min(1, done / total);
  const full = Math.floor(share * BAR);
  const bar = "█".repeat(full) + "░".repeat(BAR - full);
  const head = `${doing} ${bar} ${Math.floor(share * 100)} %  ${unit === "bytes" ? amount(done, unit) : done} of ${amount(total, unit)}`;
  if (done <= 0 || spentMs < 1_000) return head;
  const rate = done / (spentMs / 1_000);
  const rest = unit === "steps" ? "" : `  ${amount(Math.round(rate), unit)}/s`;
  return `${head}${rest}  ${seconds(((total - done) / rate) * 1_000)} left`;
}

function amount(value: number, unit: string): string {
  if (unit !== "bytes") return `${value} ${unit}`;
  return value < 1_000_000
    ? `${Math.ceil(value / 1_000)} kB`
    : `${(value / 1_000_000).toFixed(1)} MB`;
}

function seconds(ms: number): string {
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.ceil(ms / 60_000)} min`;
}

/** Runs work with a bar on stderr, which is gone when it settles. */
export async function withProgress<TValue>(
  globals: Pick<Globals, "quiet">,
  work: (report: Report) => Promise<TValue>,
): Promise<TValue> {
  const bar = createProgressBar(globals, stderrScreen());
  try {
    return await work(bar.report);
  } finally {
    bar.end();
  }
}
