import { Type } from "typebox";
import type { Static } from "typebox";
import type { Origin, PluginContext, Tx } from "portico/kernel";

/** Deliveries or events that one step looks at. */
export const STEP = 200;

/** What a bulk job does. */
export const BulkInput = Type.Object({
  /**
   * `recover`: one webhook's failed and held deliveries again. `retry`: the failed ones of all. `replay`: events of the log
   * to one webhook. `missing`: those it asks for and was never sent.
   */
  kind: Type.Union([
    Type.Literal("recover"),
    Type.Literal("retry"),
    Type.Literal("replay"),
    Type.Literal("missing"),
  ]),
  /** Whose deliveries; empty: all of the organization's. */
  webhook: Type.String(),
  /** Milliseconds since 1970; the window is about when the event was accepted, or the delivery made. */
  since: Type.Integer(),
  until: Type.Integer(),
  types: Type.Optional(Type.Array(Type.String())),
  subject: Type.Optional(Type.String()),
  channel: Type.Optional(Type.String()),
  owner: Type.Optional(Type.String()),
});
export type BulkInput = Static<typeof BulkInput>;

/** What a bulk job has for itself: a webhook, all of an owner's, or all of the organization's. */
export function placeOf({ webhook, owner }: Pick<BulkInput, "webhook" | "owner">): string {
  if (webhook !== "") return webhook;
  return owner === undefined ? "" : `owner ${owner}`;
}

/** One step of a bulk job: what it has found is written by `write`, in the transaction that moves the cursor. */
export interface BulkStep {
  /** Where the next step goes on; undefined: nothing is left. */
  readonly next: string | undefined;
  /** Gives how many deliveries it has put in line. */
  readonly write: (tx: Tx) => Promise<number>;
}

/** What steps are given. */
export interface BulkPlace {
  readonly ctx: PluginContext;
  readonly organization: string;
  readonly origin: Origin;
  readonly input: BulkInput;
  /** As the step before gave it; empty at first. */
  readonly cursor: string;
}
