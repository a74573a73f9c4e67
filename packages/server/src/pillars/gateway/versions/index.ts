/**
 * Versions: several forms of one API at once.
 *
 * Nouns: version (a date or a word), version change (a module that takes an older request up and its reply down), chain
 * (the changes between two versions), lifecycle (deprecation, brownouts, sunset).
 * An API with versions stands in the table as one entry (`build-versions.ts`), whose only step reads path and header
 * (`steps.ts`, `choose.ts`); the call then goes on with the route of its version. What each version is and where it is
 * served is planned when the table is built (`plan.ts`). Who calls what is counted behind the calls (`callers.ts`).
 */
export { defineVersionChange } from "./change.ts";
export type { ChangedCalls, VersionChange } from "./change.ts";
export { endedAt } from "./steps.ts";
export { fieldStages, lifecycleSteps, versionStages, versionSteps } from "./route-steps.ts";
