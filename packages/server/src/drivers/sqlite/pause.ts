import { openSync, writeSync } from "node:fs";

/** For tests: how long to stand still around every commit, ms, and the file that says so. */
export interface PauseSettings {
  readonly before: number;
  readonly after: number;
  /** Two bytes: commits that stand still before COMMIT, and after it. Outlives a kill. */
  readonly mark?: string;
}

/** Reads `before:20,after:20,mark:/path`, the form of `PORTICO_TEST_PAUSE`. */
export function readPause(text: string | undefined): PauseSettings {
  const read = (word: string): string | undefined =>
    new RegExp(`\\b${word}:([^,]+)`).exec(text ?? "")?.[1];
  const mark = read("mark");
  const times = { before: Number(read("before") ?? 0), after: Number(read("after") ?? 0) };
  return mark === undefined ? times : { ...times, mark };
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Stands still around the commits of the one writer. */
export class CommitPause {
  readonly #settings: PauseSettings;
  readonly #file: number | undefined;

  constructor(settings: PauseSettings) {
    this.#settings = settings;
    this.#file = settings.mark === undefined ? undefined : openSync(settings.mark, "w");
  }

  before(): void {
    this.#stand(this.#settings.before, [1, 0]);
  }

  after(): void {
    this.#stand(this.#settings.after, [0, 1]);
  }

  #stand(ms: number, mark: readonly number[]): void {
    if (ms <= 0) return;
    if (this.#file !== undefined) writeSync(this.#file, Uint8Array.from(mark), 0, 2, 0);
    Atomics.wait(sleeper, 0, 0, ms);
    if (this.#file !== undefined) writeSync(this.#file, Uint8Array.of(0, 0), 0, 2, 0);
  }
}
