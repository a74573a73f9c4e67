/**
 * The log: events in one gapless order, appended in the transaction of whoever says that something happened.
 *
 * `createEmitter` turns an emit into the statements of that transaction. On SQLite the row's number is its position. On
 * PostgreSQL the sequencer, one elected process, gives positions to what is committed: nothing ever appears behind a
 * reader. Three readers: a *consumer* has one durable cursor that moves in the transaction of its consequences, in one
 * elected process; a *tail* tells the listeners of its own process; a *query* pages. Within a stream events carry a
 * contiguous number and keep its order; across streams nothing is promised. Hints (`wake`, NOTIFY) only shorten waits.
 * An event that fails five times within a minute is parked with its error, and its consumer goes on; `redrive` tries it
 * again. Emits nothing itself. Needs the store and a clock.
 */
export { createBell } from "./bell.ts";
export type { Bell } from "./bell.ts";
export type { ConsumerDefinition } from "./consumer.ts";
export { createEmitter } from "./emit.ts";
export type { EmitterOptions } from "./emit.ts";
export { logErrors } from "./errors.ts";
export { followLog } from "./follow.ts";
export type { FollowedEvent, FollowQuery } from "./follow.ts";
export { createLog } from "./log.ts";
export type { LogOptions, RunningLog } from "./log.ts";
export { errorText } from "./parked.ts";
export { placeholders } from "./placeholders.ts";
export type { Dialect } from "./placeholders.ts";
export { logSchema } from "./tables.ts";
