import { createHash } from "node:crypto";
import { readFileSync, statSync, watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Editors write a file in several steps, and several files at once. */
const QUIET_MS = 150;

/** Watches single files, those that are not there yet among them. */
export interface FileWatch {
  /** Watches these from now on, and no others. */
  set(files: readonly string[]): void;
  /** And these beside them. Those that are new to the watch and were written after `sinceMs` have changed. */
  add(files: readonly string[], sinceMs: number): void;
  close(): void;
}

/** Calls with the files whose content has changed, once they have been quiet for 150 ms. */
export function watchFiles(changed: (files: readonly string[]) => void): FileWatch {
  let digests = new Map<string, string>();
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const different = [...digests].flatMap(([file, before]) => {
      const now = digestOf(file);
      if (now === before) return [];
      digests.set(file, now);
      return [file];
    });
    if (different.length > 0) changed(different);
  };
  const touched = (folder: string, name: string | null): void => {
    // Without a name (some systems) any file of the folder may be meant.
    if (name !== null && !digests.has(join(folder, basename(name)))) return;
    clearTimeout(timer);
    timer = setTimeout(look, QUIET_MS);
  };
  const set = (files: readonly string[]): void => {
    // What is known keeps its digest: a change between two calls is still seen.
    digests = new Map(files.map((file) => [file, digests.get(file) ?? digestOf(file)]));
    const folders = new Set(files.map((file) => dirname(file)));
    for (const [folder, watcher] of watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of folders) {
      if (!watchers.has(folder)) open(watchers, folder, touched);
    }
  };
  return {
    set,
    add: (files, sinceMs) => {
      const late = files.filter((file) => !digests.has(file) && writtenAt(file) > sinceMs);
      set([...new Set([...digests.keys(), ...files])]);
      if (late.length > 0) changed(late);
    },
    close: () => {
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}

function open(
  watchers: Map<string, FSWatcher>,
  folder: string,
  touched: (folder: string, name: string | null) => void,
): void {
  try {
    // The folder, not the file: editors put a new file in the old one's place.
    const watcher = watch(folder, (_event, name) => touched(folder, name));
    watcher.on("error", () => watchers.delete(folder));
    watchers.set(folder, watcher);
  } catch {
    // A folder that is not there (yet): its files are looked at when another one changes.
  }
}

function writtenAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function digestOf(file: string): string {
  try {
    return createHash("sha256").update(readFileSync(file)).digest("hex");
  } catch {
    // Not there: that, too, is a state that may change.
    return "";
  }
}
