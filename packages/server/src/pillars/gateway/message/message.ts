import type { MessageHeaders } from "./headers.ts";
import type { MessageQuery } from "./query.ts";

/**
 * A request that a version change or a hook may look at and change in place. `TBody` is what the body is expected to be: the
 * caller sent it, so it may be anything.
 */
export interface RequestMessage<TBody = unknown> {
  readonly method: string;
  /** The named segments of the route that was called: `{ id: "7" }`. */
  readonly params: Readonly<Record<string, string>>;
  /** Below the API's base path, without the version: `/invoices/7`. */
  path: string;
  readonly query: MessageQuery;
  readonly headers: MessageHeaders;
  /** The JSON body; undefined when there is none, or when it is not JSON (then it cannot be set). */
  body: TBody;
}

/** A reply that a version change or a hook may look at and change in place. */
export interface ReplyMessage<TBody = unknown> {
  status: number;
  readonly headers: MessageHeaders;
  /** The JSON body; undefined when there is none, or when it is not JSON (then it cannot be set). */
  body: TBody;
  /** What was asked, in the caller's own words. */
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly params: Readonly<Record<string, string>>;
  };
}
