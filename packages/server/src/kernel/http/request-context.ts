import type { IncomingMessage, ServerResponse } from "node:http";
import type { Caller, Operation, Origin } from "../contract/index.ts";
import type { Client } from "./client-address.ts";

/** What is known of one request on our own paths from its first byte to its answer. */
export interface RequestContext {
  readonly requestId: string;
  readonly trace: string;
  readonly client: Client;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** By the monotonic clock. */
  readonly startedMs: number;
  readonly response: ServerResponse;
  /** Path without the query. */
  readonly path: string;
  /** Template of the route, `/api/v1/keys/{id}`. */
  route: string;
  caller: Caller | undefined;
  /** The code of the problem that was answered. */
  code: string | null;
  /** The operation that serves it, once it is known. */
  operation: Operation | undefined;
  /** What broke inside, behind an answer from 500 on. */
  error: unknown;
  /** The client waits for `100 Continue` before it sends the body. */
  awaitsContinue: boolean;
}

const CONTEXT = Symbol("portico.requestContext");

interface Carrier {
  [CONTEXT]?: RequestContext;
}

/** Hangs the context on the request. */
export function attachContext(request: IncomingMessage, context: RequestContext): void {
  // A symbol of our own on node's object: a WeakMap costs more on the hot path.
  (request as Carrier)[CONTEXT] = context;
}

/** The context of a request on our own paths. */
export function contextOf(request: IncomingMessage): RequestContext {
  const context = (request as Carrier)[CONTEXT];
  if (context === undefined) throw new TypeError("The request came past the dispatcher");
  return context;
}

/** How a caller is named in the log and the audit; whoever acts as somebody else is named first. */
export function actorOf({ subject, impersonator }: Caller): string {
  return impersonator === undefined ? subject : `${impersonator} as ${subject}`;
}

/** The thread that a request starts. */
export function originOf({ requestId, trace }: RequestContext, caller: Caller): Origin {
  return { cause: requestId, trace, actor: actorOf(caller) };
}
