import { parseRate } from "../../base/index.ts";
import type { LimitOptions, LimitPer, LimitSpec } from "../contract/index.ts";

/** A limit with everything decided. */
export interface LimitPolicy {
  readonly kind: "policy";
  readonly name: string;
  readonly algorithm: "bucket" | "fixed" | "concurrency";
  readonly limit: number;
  /** 0 for concurrency; of a month, thirty days. */
  readonly windowMs: number;
  /** The window is a month of the calendar. */
  readonly isMonth: boolean;
  readonly burst: number;
  readonly per: LimitPer;
  readonly cost: number;
  readonly delay: { readonly delayMs: number; readonly queueMax: number } | undefined;
  readonly onStoreFailure: "open" | "closed";
}

/** The name of a policy that is written elsewhere. */
export interface LimitReference {
  readonly kind: "reference";
  readonly name: string;
}

const WINDOWS_MS = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  month: 30 * 86_400_000,
  fixed: 60_000,
} as const;
const RATE_UNITS: Readonly<Record<number, string>> = {
  1_000: "s",
  60_000: "min",
  3_600_000: "h",
  86_400_000: "d",
};
const NAME = /^[A-Za-z][A-Za-z0-9._-]{0,62}$/;

/**
 * Reads a limit as people write it; a list of texts says everything that is wrong with it.
 *
 * @example
 * readLimit({ limit: 1_000, window: "day", algorithm: "fixed", per: "user" });
 */
export function readLimit(spec: LimitSpec): LimitPolicy | LimitReference | readonly string[] {
  if (typeof spec === "number") return readOptions({ limit: spec });
  if (typeof spec !== "string") return readOptions(spec);
  const rate = parseRate(spec);
  if (rate !== undefined) return readOptions({ limit: rate.limit, window: rate.windowMs });
  if (NAME.test(spec)) return { kind: "reference", name: spec };
  return [`'${spec}' is not a limit; write for instance 600, 10/s, 60/min or 1000/h`];
}

function readOptions(options: LimitOptions): LimitPolicy | readonly string[] {
  const isConcurrency = options.concurrency !== undefined;
  const { window = "minute", per = "key", cost = 1, onStoreFailure = "closed" } = options;
  const isMonth = window === "month";
  const isFixed = options.algorithm === "fixed" || window === "fixed" || isMonth;
  const limit = options.concurrency ?? options.limit ?? 0;
  const algorithm = isConcurrency ? "concurrency" : isFixed ? "fixed" : "bucket";
  const windowMs = isConcurrency ? 0 : typeof window === "number" ? window : WINDOWS_MS[window];
  const burst = options.burst ?? limit;
  const { action } = options;
  const figures = {
    algorithm,
    limit,
    windowMs,
    isMonth,
    burst,
    per,
    cost,
    onStoreFailure,
  } as const;
  const mistakes = [...wrongFigures(options, figures), ...wrongTogether(options, figures)];
  if (mistakes.length > 0) return mistakes;
  return {
    kind: "policy",
    name: options.name ?? nameOf(figures, window),
    ...figures,
    delay: typeof action === "object" ? action : undefined,
  };
}

type Figures = Omit<LimitPolicy, "kind" | "name" | "delay">;

function wrongFigures({ action, name }: LimitOptions, figures: Figures): readonly string[] {
  const { limit, windowMs, algorithm, burst, cost } = figures;
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;
  const wrong = (isWrong: boolean, text: string): readonly string[] => (isWrong ? [text] : []);
  const wait = typeof action === "object" ? action : { delayMs: 1, queueMax: 1 };
  return [
    ...wrong(
      name !== undefined && !NAME.test(name),
      `name is '${name ?? ""}'; use letters, digits and . _ -`,
    ),
    ...wrong(!isCount(limit), `limit is ${limit}; give a whole number from 1`),
    ...wrong(
      algorithm !== "concurrency" && !isCount(windowMs),
      `window is ${windowMs} ms; give a whole number from 1`,
    ),
    ...wrong(!isCount(burst), `burst is ${burst}; give a whole number from 1`),
    ...wrong(!isCount(cost), `cost is ${cost}; give a whole number from 1`),
    ...wrong(!isCount(wait.delayMs), `delayMs is ${wait.delayMs}; give a whole number from 1`),
    ...wrong(!isCount(wait.queueMax), `queueMax is ${wait.queueMax}; give a whole number from 1`),
  ];
}

function wrongTogether(options: LimitOptions, figures: Figures): readonly string[] {
  const { algorithm, limit, burst, cost, isMonth } = figures;
  const mistakes: string[] = [];
  const isConcurrency = algorithm === "concurrency";
  if (isConcurrency && options.limit !== undefined) {
    mistakes.push("limit and concurrency are two limits; write two");
  }
  if (isConcurrency && (options.window ?? options.algorithm) !== undefined) {
    mistakes.push("concurrency has no window and no algorithm; leave them out");
  }
  if (algorithm !== "bucket" && options.burst !== undefined) {
    mistakes.push("burst is for buckets; leave it out, or set algorithm to bucket");
  }
  if (algorithm === "fixed" && options.algorithm === "bucket") {
    mistakes.push(`a bucket has no ${isMonth ? "month" : "fixed window"}; set algorithm to fixed`);
  }
  const most = algorithm === "bucket" ? burst : limit;
  if (cost > most)
    mistakes.push(`cost is ${cost} and at most ${most} are ever there: no call would pass`);
  if (algorithm === "bucket" && !isExact(figures)) {
    mistakes.push("limit × window is beyond what is counted exactly; use a fixed window");
  }
  return mistakes;
}

/** A bucket is counted in integers of 1/limit ms; twice its capacity has to be one. */
function isExact({ limit, windowMs, burst }: Figures): boolean {
  return Number.isSafeInteger(2 * Math.max(burst, limit) * windowMs);
}

function nameOf(figures: Figures, window: NonNullable<LimitOptions["window"]>): string {
  const { algorithm, limit, windowMs, burst, per } = figures;
  const whose = per === "key" ? "" : ` per ${per}`;
  if (algorithm === "concurrency") return `${limit} concurrent${whose}`;
  if (algorithm === "fixed") {
    const word =
      window === "fixed" ? "minute" : typeof window === "number" ? `${window}ms` : window;
    return `${limit}/${word}${whose}`;
  }
  const rate = `${limit}/${RATE_UNITS[windowMs] ?? `${windowMs}ms`}`;
  return `${rate}${burst === limit ? "" : ` burst ${burst}`}${whose}`;
}

/** Limits in a few words each, for people: `600/min`, `1000/day`, the name of a policy. */
export function limitTexts(limits: readonly LimitSpec[]): readonly string[] {
  return limits.map((spec) => {
    const read = readLimit(spec);
    return "kind" in read ? read.name : JSON.stringify(spec);
  });
}
