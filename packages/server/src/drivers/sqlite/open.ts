import { open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { systemClock } from "../../base/index.ts";
import type { Clock, Problem } from "../../base/index.ts";
import { checkBinding, raiseStore } from "../../kernel/store/index.ts";
import type { AppendRefusal, Driver, DriverStatement, Election } from "../../kernel/store/index.ts";
import { resultOf, ThreadChannel } from "./channel.ts";
import type { Answer } from "./channel.ts";
import type { ThreadSettings } from "./messages.ts";
import { readPause } from "./pause.ts";
import type { PauseSettings } from "./pause.ts";
import { openSignals } from "./signals.ts";
import { runTransaction, toThread } from "./transaction.ts";

/** How a SQLite database is opened. */
export interface SqliteOptions {
  /** Path of the file, made when missing; `:memory:` for one that ends with the process. */
  readonly file: string;
  /** Threads that read; 1 when left out, at most 2. A database in memory has none: its writer reads. */
  readonly readers?: number;
  /** A transaction that stands still longer is ended; 50 when left out. */
  readonly idleMs?: number;
  /** A group takes no further transaction after so long, so that those before it are told; 10 when left out. */
  readonly groupMs?: number;
  readonly clock?: Clock;
  /** For tests: the file cannot grow beyond so many pages. */
  readonly maxPageCount?: number;
  /** For tests: waits around every commit. `PORTICO_TEST_PAUSE=before:20,after:20` does the same. */
  readonly pause?: PauseSettings;
}

/**
 * Opens a SQLite database: one thread that writes, one or two that read. The calling thread opens no database, since
 * synchronous SQLite there would hold up the event loop. Throws `store.unavailable` when the file cannot be opened.
 *
 * @example
 * const driver = await openSqlite({ file: ":memory:" });
 */
export async function openSqlite(options: SqliteOptions): Promise<Driver> {
  const writer = new ThreadChannel(threadSettings(options, "writer"));
  await writer.ready();
  const isMemory = options.file === ":memory:";
  const readers = Array.from({ length: isMemory ? 0 : Math.min(options.readers ?? 1, 2) }, () => {
    return new ThreadChannel(threadSettings(options, "reader"));
  });
  await Promise.all(readers.map((reader) => reader.ready()));
  return assemble(options, writer, readers);
}

function threadSettings(options: SqliteOptions, role: ThreadSettings["role"]): ThreadSettings {
  return {
    role,
    file: options.file,
    groupMs: options.groupMs ?? 10,
    ...(options.maxPageCount === undefined ? {} : { maxPageCount: options.maxPageCount }),
    pause: options.pause ?? readPause(process.env["PORTICO_TEST_PAUSE"]),
  };
}

function assemble(
  options: SqliteOptions,
  writer: ThreadChannel,
  readers: readonly ThreadChannel[],
): Driver {
  const signals = openSignals();
  const lost = loseTogether([writer, ...readers]);
  const idleMs = options.idleMs ?? 50;
  const nowAbout = neverBackward(options.clock ?? systemClock);
  let closing: Promise<void> | undefined;
  return {
    dialect: "sqlite",
    lost,
    query: async (statement) => {
      checkBinding("sqlite", statement);
      const channel = leastBusy(readers) ?? writer;
      const id = channel.nextId();
      return resultOf(await channel.request({ kind: "read", id, statement: toThread(statement) }));
    },
    transaction: (run) => runTransaction({ channel: writer, exclusive: false, idleMs }, run),
    append: (batch) => append(writer, batch),
    now: () => Promise.resolve(nowAbout()),
    nowAbout,
    notify: signals.notify,
    onNotify: signals.onNotify,
    elect: (_role, election) => electAlways(election),
    migrate: (run) => runTransaction({ channel: writer, exclusive: true, idleMs: undefined }, run),
    backup: (file) => backup(options, writer, file),
    close: () => {
      closing ??= closeAll([...readers, writer]);
      return closing;
    },
  };
}

/** A server that reads but cannot write would look healthy and refuse everything: one lost thread ends the others. */
async function loseTogether(channels: readonly ThreadChannel[]): Promise<Problem> {
  const problem = await Promise.race(channels.map((channel) => channel.lost));
  for (const channel of channels) channel.abandon("Another thread of the database has ended");
  return problem;
}

async function closeAll(channels: readonly ThreadChannel[]): Promise<void> {
  for (const channel of channels) await channel.close();
}

function leastBusy(readers: readonly ThreadChannel[]): ThreadChannel | undefined {
  const [first, second] = readers;
  if (first === undefined || second === undefined) return first;
  return second.outstanding < first.outstanding ? second : first;
}

async function append(
  writer: ThreadChannel,
  batch: readonly DriverStatement[],
): Promise<AppendRefusal | undefined> {
  for (const statement of batch) checkBinding("sqlite", statement);
  const id = writer.nextId();
  return toRefusal(await writer.request({ kind: "append", id, batch: batch.map(toThread) }));
}

function toRefusal(answer: Answer): AppendRefusal | undefined {
  if (answer.kind !== "refused") return undefined;
  const { index, changes, constraint } = answer;
  return constraint === undefined ? { index, changes } : { index, changes, constraint };
}

/** When the wall clock is set back, time goes on from where it was: it must not stand still until the old hour comes again. */
function neverBackward(clock: Clock): () => number {
  let last = 0;
  let aheadMs = 0;
  return () => {
    const now = clock.now();
    if (now >= last) aheadMs = 0;
    else if (now + aheadMs < last) aheadMs = last - now;
    last = now + aheadMs;
    return last;
  };
}

/** SQLite has one server process, so every role is its own. */
function electAlways(election: Election): () => Promise<void> {
  const stop = new AbortController();
  const running = election.run(stop.signal);
  running.catch(() => undefined);
  return async () => {
    stop.abort();
    await running.catch(() => undefined);
  };
}

async function backup(options: SqliteOptions, writer: ThreadChannel, file: string): Promise<void> {
  const exists = await stat(file).then(
    () => true,
    () => false,
  );
  if (exists) throw raiseStore("store.backupTarget", { params: { file } });
  if (options.file === ":memory:") {
    await writer.request({ kind: "copy", id: writer.nextId(), file });
  } else {
    const copier = new ThreadChannel(threadSettings(options, "copier"));
    try {
      await copier.ready();
      await copier.request({ kind: "copy", id: copier.nextId(), file });
    } finally {
      await copier.close();
    }
  }
  // VACUUM INTO leaves its output to the system's cache; a backup is only one when it is on the disk.
  await sync(file);
  await sync(dirname(file));
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
