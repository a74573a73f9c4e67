import { openSync, writeSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

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

/** Stands still around the commits of every connection of this process. */
export class CommitPause {
  readonly #settings: PauseSettings;
  readonly #file: number | undefined;
  readonly #standing = Uint8Array.of(0, 0);

  constructor(settings: PauseSettings) {
    this.#settings = settings;
    this.#file = settings.mark === undefined ? undefined : openSync(settings.mark, "w");
  }

  async before(): Promise<void> {
    await this.#stand(this.#settings.before, 0);
  }

  async after(): Promise<void> {
    await this.#stand(this.#settings.after, 1);
  }

  async #stand(ms: number, side: 0 | 1): Promise<void> {
    if (ms <= 0) return;
    this.#move(side, 1);
    await setTimeout(ms);
    this.#move(side, -1);
  }

  #move(side: 0 | 1, by: number): void {
    this.#standing[side] = (this.#standing[side] ?? 0) + by;
    if (this.#file !== undefined) writeSync(this.#file, this.#standing, 0, 2, 0);
  }
}
