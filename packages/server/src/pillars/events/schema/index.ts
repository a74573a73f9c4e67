/**
 * Schemas of event data: JSON Schema 2020-12 that strangers write, judged within bounds.
 *
 * `readSchema` takes a schema or says what is wrong with it; `judge` says what of a value does not fit, in at most
 * 250,000 steps (patterns are searched in linear time, `pattern.ts`); `changesOf` says what a newer schema breaks for
 * producers and for consumers; `typescriptOf` writes it as a type. No code is made from a schema, nothing is loaded.
 */
export { changesOf } from "./changes.ts";
export type { SchemaChange } from "./changes.ts";
export { judge } from "./judge.ts";
export { isObject } from "./keywords.ts";
export type { JsonObject } from "./keywords.ts";
export { readSchema } from "./read-schema.ts";
export type { EventSchema } from "./read-schema.ts";
export { comment, typescriptOf } from "./typescript.ts";
