import type { IncomingMessage, ServerResponse } from "node:http";
import type { Caller } from "./caller.ts";
import type { PluginContext } from "./context.ts";
import type { RequestClient } from "./operation.ts";
import { point } from "./point.ts";
import type { Origin } from "./trace.ts";

/**
 * Paths on Portico's own origin outside `/api` that a plugin serves by itself, on node's own request and response: an
 * engine of a protocol with forms, cookies and errors of its own. Answers carry the headers of our own paths (a mount may
 * set its own in their place), and are in the request log.
 */
export interface Mount {
  /** `/oauth/token`, `/oauth/authorize/{uid}`; below the base path. */
  readonly path: string;
  readonly methods: readonly ("GET" | "POST" | "OPTIONS")[];
  /** Largest body in bytes; what is larger is refused before it is read. */
  readonly bodyBytesMax: number;
  /** Ends the response. What it throws before the head is sent is answered as a problem. */
  serve(exchange: MountExchange, ctx: PluginContext): Promise<void>;
}

/** One request and its response. */
export interface MountExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: Readonly<Record<string, string>>;
  readonly client: RequestClient;
  /** Thread that this request starts or goes on with. */
  readonly origin: Origin;
  /**
   * The body's exact bytes. Throws `request.bodyTooLarge`, `request.tooSlow` and `request.framing`; read it or leave it, the
   * stream itself is not the mount's.
   */
  readBody(): Promise<Uint8Array>;
  /** Says whose request it was, once that is known: for the request log. */
  belongsTo(owner: Pick<Caller, "organization" | "subject">): void;
}
/** `kernel.mounts@1` */
export const Mounts = point<Mount>("kernel.mounts@1");
