import { createLogger } from "../kernel/telemetry/index.ts";
import type { RootLogger } from "../kernel/telemetry/index.ts";
import { EXIT } from "./exit.ts";

/** From the first signal until what has not ended is cut. */
export const STOP_MS = 25_000;
const CRASH_STOP_MS = 5_000;

/** Something that runs until a signal ends it. */
export interface Living {
  /** Milliseconds between 'not ready' and the end of listening. */
  readonly stop: () => Promise<void>;
}

async function within(ms: number, work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((done) => {
    timer = setTimeout(() => done(false), ms);
  });
  const finished = work.then(
    () => true,
    () => false,
  );
  const isInTime = await Promise.race([finished, late]);
  clearTimeout(timer);
  return isInTime;
}

/** Ends the process when something breaks that nobody caught: what broke is logged, what runs gets 5 s to end. */
function guardProcess(living: () => Living | undefined): void {
  let isEnding = false;
  const crash = (error: unknown): void => {
    const logger: RootLogger = createLogger({ level: "error", format: "auto" });
    logger.error({ error }, "uncaught error: the process ends");
    if (isEnding) process.exit(EXIT.crashed);
    isEnding = true;
    const stopping = living()?.stop() ?? Promise.resolve();
    void within(CRASH_STOP_MS, stopping).then(() => process.exit(EXIT.crashed));
  };
  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);
}

/** What has been started so far, and what signals do to it. */
export interface Signals {
  /** From now on a signal drains; before, it ends the process at once with 130 or 143. */
  live(living: Living): void;
  /** Settles with the exit code once a signal has ended everything. */
  readonly ended: Promise<number>;
}

/**
 * SIGTERM and SIGINT drain within 25 s and end with 0, or with 1 when the time was not enough; a second signal ends the
 * process at once.
 */
export function watchSignals(say: (text: string) => void): Signals {
  let living: Living | undefined;
  let isEnding = false;
  let finish: (code: number) => void = () => undefined;
  const ended = new Promise<number>((done) => {
    finish = done;
  });
  const onSignal = (signal: "SIGTERM" | "SIGINT"): void => {
    const atOnce = signal === "SIGINT" ? EXIT.interrupted : EXIT.terminated;
    if (living === undefined || isEnding) process.exit(atOnce);
    isEnding = true;
    say("stopping; a second signal ends at once");
    void within(STOP_MS, living.stop()).then((isInTime) =>
      finish(isInTime ? EXIT.ok : EXIT.failed),
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  guardProcess(() => living);
  return {
    live: (started) => {
      living = started;
    },
    ended,
  };
}
