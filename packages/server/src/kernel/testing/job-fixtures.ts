import type { Kysely } from "kysely";
import { Type } from "typebox";
import { job } from "../contract/index.ts";
import type { Append, JobDefinition, JobOutcome, JobRun, Statement } from "../contract/index.ts";
import { testOrigin } from "./spine.ts";
import type { NotesTables, TestSpine } from "./spine.ts";

/** The organization of the suites' jobs. */
export const acme = { organization: "acme" };
const input = Type.Object({ index: Type.Integer() });
/** A run of the suites' jobs. */
export type CountRun = JobRun<{ index: number }>;

/** A job whose input is an index. */
export function define(
  run: (run: CountRun) => Promise<JobOutcome | void>,
  given: Partial<Omit<JobDefinition<typeof input>, "input" | "run">> = {},
): JobDefinition {
  return job({ input, run, ...given });
}

const insertNote: Statement<{ id: string; text: string }> = {
  name: "insert note",
  build: (db, param) =>
    (db as unknown as Kysely<NotesTables>)
      .insertInto("notes_note")
      .values({ id: param("id"), text: param("text") } as never),
};

/** Writes a note with the end of a run; a second of the same id, its text when left out, is refused. */
export function note(batch: Append, text: string, id = text): void {
  batch.write(insertNote, { id, text }, 1);
}

/** As `enqueue` takes them. */
export type EnqueueOptions = Parameters<Append["enqueue"]>[2];

/** Enqueues one job for each index in one batch. */
export function enqueue(
  spine: TestSpine,
  name: string,
  indexes: readonly number[],
  options?: (index: number) => EnqueueOptions,
): Promise<string[]> {
  return spine.hub.append({ scope: acme, origin: testOrigin }, (session) =>
    indexes.map((index) => session.as("notes").enqueue(name, { index }, options?.(index))),
  );
}

/** 0 to `count` - 1. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
