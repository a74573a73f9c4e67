import type { ProblemPlace } from "portico/kernel";
import type { Budget } from "./pattern.ts";
import type { EventSchema, SchemaNode } from "./read-schema.ts";

/** What judging one value needs. */
export interface Judging {
  readonly schema: EventSchema;
  readonly budget: Budget;
  readonly level: number;
}

/** A value and where it lies. */
export interface Judged {
  readonly value: unknown;
  readonly pointer: string;
}

/** Judges one value by one schema: what does not fit. */
export type Judge = (node: SchemaNode, judged: Judged, judging: Judging) => readonly ProblemPlace[];
