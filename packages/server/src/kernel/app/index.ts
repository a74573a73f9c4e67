/**
 * The assembly: plugins in, a running server out.
 *
 * `assemble` finds every mistake in the plugins, migrates, and ties store, log, jobs, audit, access and HTTP together;
 * {@link Portico} is the life of the result. A plugin's context is made here (`context.ts`): its own view of the store,
 * its settings, and what all share. Plugins start in the order of their needs and stop in reverse. Drivers are
 * given from above: this room knows none.
 */
export { assemble } from "./assemble.ts";
export type { Mistake } from "./mistakes.ts";
export type { AssembleOptions } from "./parts.ts";
export type { Portico } from "./portico.ts";
export { schemaOwners } from "./spine.ts";
export { kernelErrors } from "./words.ts";
