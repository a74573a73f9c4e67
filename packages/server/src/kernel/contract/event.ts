import type { TSchema } from "typebox";
import type { Origin } from "./trace.ts";

/** What a plugin says of an event type it emits. */
export interface EventTypeDefinition {
  readonly description: string;
  /** JSON Schema of `data`. */
  readonly data: TSchema;
  readonly example?: unknown;
}

/** Attributes of a CloudEvent by their names: lower-case letters and digits. */
export type CloudEventAttributes = Readonly<Record<string, string | number | boolean>>;

/** Where an event belongs, beside its type and data. */
export interface EmitOptions {
  /** What the event is about, such as an invoice's id. Indexed. */
  readonly subject?: string;
  /** Events of one key are handled one after another where a reader asks for order. */
  readonly key?: string;
  /** A public order: `room:42`. Events of a stream carry a contiguous `streamSeq`. */
  readonly stream?: string;
  /** Labels a subscription may ask for. */
  readonly channels?: readonly string[];
  /** Media type of bytes given as `data`; JSON when left out. */
  readonly contentType?: string;
  /** What its producer said of it as a CloudEvent; see {@link LogEvent.attributes}. */
  readonly attributes?: CloudEventAttributes;
  /** The thread the event belongs to, where it is not the transaction's: a reaction handles events of many threads. */
  readonly origin?: Origin;
}

/**
 * Puts an event on the log within the transaction under way and returns its id. `data` is any JSON value, or the exact
 * bytes that were received, which are then stored and delivered untouched.
 */
export type Emit = (type: string, data: unknown, options?: EmitOptions) => string;

/** One row of the log as every reader sees it. */
export interface LogEvent {
  /** Position in the log; internal, never shown to a tenant (it would tell the volume of all). */
  readonly seq: number;
  readonly id: string;
  readonly organization: string;
  readonly type: string;
  readonly subject: string | null;
  readonly key: string | null;
  readonly stream: string | null;
  readonly streamSeq: number | null;
  readonly channels: readonly string[];
  /** The exact bytes accepted. */
  readonly data: Uint8Array;
  readonly contentType: string;
  /** Milliseconds since 1970, UTC. */
  readonly at: number;
  readonly actor: string;
  readonly cause: string;
  readonly trace: string;
  /** What its producer said as a CloudEvent: `id`, `source`, `time`, extensions. Not there for any other event. */
  readonly attributes?: CloudEventAttributes;
}
