import type { Caller } from "./caller.ts";
import type { PluginContext } from "./context.ts";
import type { PageReply } from "./points.ts";
import { point } from "./point.ts";
import type { Origin } from "./trace.ts";

/**
 * A path on Portico's own origin outside `/api` that takes requests of strangers as they come: any media type, the exact
 * bytes, no credential asked. Who sent it is the plugin's to find out, such as by a signature over those bytes.
 */
export interface Intake {
  /** `/in/{source}`; below the base path. */
  readonly path: string;
  readonly methods: readonly ("POST" | "HEAD")[];
  /** Largest body in bytes; what is larger is refused as `request.bodyTooLarge` before it is read. */
  readonly bodyBytesMax: (ctx: PluginContext) => number;
  /** Answers after what it accepts is stored. Throws problems. */
  receive(request: IntakeRequest, ctx: PluginContext): Promise<PageReply>;
}

/** One request as it came. */
export interface IntakeRequest {
  readonly method: string;
  readonly path: Readonly<Record<string, string>>;
  /** The request's target, path and query, unchanged. */
  readonly url: string;
  /** Names and values alternating, in the order and case of the wire: a field that came twice is there twice. */
  readonly rawHeaders: readonly string[];
  /** The body's exact bytes, whatever coding they are in. */
  readonly body: Uint8Array;
  /** Thread that this request starts or goes on with. */
  readonly origin: Origin;
  /** Says whose request it was, once that is known: for the request log. */
  belongsTo(owner: Pick<Caller, "organization" | "subject">): void;
}
/** `kernel.intakes@1` */
export const Intakes = point<Intake>("kernel.intakes@1");
