/**
 * Events: the log of an organization, as host applications and people meet it.
 *
 * Nouns: event (one row of the log: type, data, subject, key, channels), thread (all that shares one trace id).
 * One publication: `POST /events` → the bytes of `data` are cut out of the body as they came (`exact.ts`) → one append →
 * 202 with the id, after the commit. Reactions of other pillars read the log from there; nothing here knows them.
 * One thread: `GET /events/{id}/thread` asks every `kernel.timeline@1` source for its entries of the trace and writes
 * the tree request → event → delivery → attempts in reading order (`thread.ts`).
 * It owns no table: the log is the kernel's. It emits only what callers publish.
 */
export { events } from "./plugin.ts";
