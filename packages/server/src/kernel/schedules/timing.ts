import { parseDuration, sha256, type ProblemPlace } from "../../base/index.ts";
import type { Overlap, ScheduleTiming } from "../contract/index.ts";
import { parseCron } from "./cron.ts";
import type { CronTimes } from "./cron.ts";

const WINDOW_MS = 3_600_000;
const WINDOW_MAX_MS = 366 * 86_400_000;
const JITTER_MAX_MS = 86_400_000;
const CATCH_UP_MAX = 100;
const PAUSE_AFTER_MAX = 1_000;

/** A timing whose words have been read. */
export interface ReadTiming {
  readonly cron: string;
  readonly zone: string;
  readonly windowMs: number;
  readonly max: number;
  readonly overlap: Overlap;
  readonly jitterMs: number;
  readonly pauseAfter: number;
  readonly times: CronTimes;
}

/** Reads a timing, or says what is wrong with each part of it. */
export function readTiming(
  timing: ScheduleTiming,
): { readonly timing: ReadTiming } | { readonly mistakes: readonly ProblemPlace[] } {
  const mistakes: ProblemPlace[] = [];
  const wrong = (pointer: string, detail: string): void => void mistakes.push({ pointer, detail });
  const { cron, zone = "UTC", overlap = "skip", pauseAfter = 0 } = timing;
  const parsed = parseCron(cron, zone);
  if (!parsed.ok) wrong("/cron", `'${cron}' in '${zone}': ${parsed.reason}`);
  const given = typeof timing.catchUp === "string" ? { window: timing.catchUp } : timing.catchUp;
  const duration = (
    pointer: string,
    text: string | undefined,
    [fallback, most]: [number, number],
  ): number => {
    if (text === undefined) return fallback;
    const ms = parseDuration(text);
    if (ms !== undefined && ms <= most) return ms;
    wrong(pointer, `'${text}' is no duration up to ${most / 1_000} s; write '30s', '5m' or '12h'`);
    return fallback;
  };
  const windowMs = duration("/catchUp", given?.window, [WINDOW_MS, WINDOW_MAX_MS]);
  const jitterMs = duration("/jitter", timing.jitter, [0, JITTER_MAX_MS]);
  const max = given?.max ?? 1;
  if (!isCount(max, CATCH_UP_MAX))
    wrong("/catchUp/max", `it is ${max}; at most ${CATCH_UP_MAX} are made up`);
  if (!isCount(pauseAfter, PAUSE_AFTER_MAX)) {
    wrong("/pauseAfter", `it is ${pauseAfter}; give 0 for never, at most ${PAUSE_AFTER_MAX}`);
  }
  if (!["skip", "queue", "cancel"].includes(overlap)) {
    wrong("/overlap", `'${overlap}' is none of skip, queue and cancel`);
  }
  if (!parsed.ok || mistakes.length > 0) return { mistakes };
  const times = parsed.value;
  return { timing: { cron, zone, windowMs, max, overlap, jitterMs, pauseAfter, times } };
}

function isCount(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most;
}

/** A time before every other: such a schedule is looked at at once. */
export const AT_ONCE = 0;

/** When the job of a tick begins: as long after it as schedule and tick say, the same on every node. */
export function fireAt(
  { id, jitterMs }: { readonly id: string; readonly jitterMs: number },
  tick: number,
): number {
  if (jitterMs === 0) return tick;
  const bytes = sha256(`${id} ${tick}`);
  const share = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) / 2 ** 32;
  return tick + Math.floor(share * jitterMs);
}
