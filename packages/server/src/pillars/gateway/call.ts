import type { Buffer } from "node:buffer";
import type {
  Caller,
  Clock,
  FrontRequest,
  LimitDecision,
  LimitPlace,
  Problem,
} from "portico/kernel";
import type { CacheCall } from "./cache/cache-call.ts";
import type { CachePolicy } from "./cache/policy.ts";
import type { CompressionRules } from "./compression/rules.ts";
import type { CorsRules } from "./cors/rules.ts";
import type { ForwardEdits } from "./edits.ts";
import type { EmitRule } from "./emit-rule.ts";
import type { CallNotes } from "./notes.ts";
import type { Target } from "./path.ts";
import type { ReplyChecking, RequestChecking } from "./openapi/index.ts";
import type { ReadFields } from "./request-head.ts";
import type { Auth } from "./settings.ts";
import type { RouteTransform } from "./transform/route-transform.ts";
import type { VersionCounter } from "./versions/callers.ts";
import type { Lifecycle } from "./versions/lifecycle.ts";
import type { RouteVersion } from "./versions/route-version.ts";
import type { ReplyHead, Upstream, UpstreamTimeouts } from "./upstream/index.ts";

/** One API as compiled: everything a call needs, looked up once. */
export interface Api {
  readonly id: string;
  readonly basePath: string;
  readonly host: string | undefined;
  readonly pool: Upstream;
  /** The upstream as it is shown to operators. */
  readonly upstreamLabel: string;
  /** `Host` that the upstream is sent; undefined to pass the caller's on. */
  readonly upstreamHost: string | undefined;
  /** Put before the forwarded path: the path of the upstream's address. */
  readonly upstreamPath: string;
  /** Characters of the path that are not forwarded. */
  readonly stripLength: number;
  readonly forwardsCredentials: boolean;
  readonly sendsIdentity: boolean;
  /** 0 for no limit. */
  readonly bodyBytesMax: number;
  readonly emitBodyBytesMax: number;
  /** How replies are packed; undefined: as they come. */
  readonly compression: CompressionRules | undefined;
  /** Undefined where the application looks after CORS itself. */
  readonly cors: CorsRules | undefined;
  /** Bodies up to this size are read first, so that a retry can send them again; 0 without retries. */
  readonly retryBodyBytesMax: number;
  readonly webSockets: WebSocketLimits;
  /** For the time limits of bodies that are read before they are sent. */
  readonly clock: Clock;
}

/** What WebSockets to an API may take. */
export interface WebSocketLimits {
  /** Open at one time; 0 lets none through. */
  readonly max: number;
  /** Without a byte either way; 0 for no limit. */
  readonly idleMs: number;
}

/** One route as compiled. */
export interface Route {
  readonly id: string;
  readonly api: Api;
  /** `/invoices/{id}` with the API's base path; `/*` at its end takes all below. */
  readonly template: string;
  /** Undefined for every method. */
  readonly methods: readonly string[] | undefined;
  readonly auth: Auth;
  readonly permissions: readonly string[];
  /** What its calls are counted for, beside their credential. */
  readonly place: LimitPlace;
  readonly timeouts: UpstreamTimeouts;
  readonly emits: readonly EmitRule[];
  /** How replies are cached; undefined: not. */
  readonly cache?: CachePolicy | undefined;
  /** Some route of the API has a cache, so that unsafe calls of this one may change what it holds. */
  readonly invalidates?: boolean;
  /** What a call goes through on its way to the upstream, in order (`stepsOf`). */
  readonly steps: readonly Step[];
  /** What its reply goes through on its way back, in order (`stagesOf`). */
  readonly replyStages: readonly ReplyStage[];
  /** What its requests are checked against, where they are. */
  readonly requestChecks?: RequestChecking;
  /** What its replies are checked against, where they are. */
  readonly replyChecks?: ReplyChecking;
  /** The request's body is kept while it streams, for who looks at it afterwards. */
  readonly keepsRequestBody: boolean;
  /** The version it is a route of, where its API has versions. */
  readonly version?: RouteVersion | undefined;
  /** When it is outdated, gone, or away for a while: by its version, or by itself. */
  readonly lifecycle?: Lifecycle | undefined;
  /** Counts its callers, where somebody may want to know who they are. */
  readonly counter?: VersionCounter | undefined;
  /** On the entry of an API with versions: the route that a call would take behind it. Throws `gateway.versionUnknown`. */
  readonly enter?: ((asked: AskedVersion) => Match | undefined) | undefined;
  /** What it changes in requests and replies. */
  readonly transform?: RouteTransform | undefined;
}

/** What of a call decides about its version. */
export interface AskedVersion {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly path: string;
  readonly pins: Readonly<Record<string, string>> | undefined;
}

/** Finds the route of a path. */
export interface PathFinder {
  find(method: string, host: string | undefined, path: string): Match | undefined;
}

/** What a path leads to. */
export type Match =
  | { readonly kind: "route"; readonly route: Route }
  | { readonly kind: "wrongMethod"; readonly allowed: string; readonly api: Api }
  /** An API owns the path, but none of its routes has it. */
  | { readonly kind: "noRoute"; readonly api: Api };

/** One request on its way through the gateway: what has been decided about it so far. */
export interface Call {
  readonly front: FrontRequest;
  /** Without the version, once one was taken out of the path. */
  target: Target;
  /** May be exchanged by a step, for the route of the version that was chosen: that one's steps then run from the first. */
  route: Route;
  /** By version, the routes of the table that it came in by; set where its API has versions. */
  versions: ReadonlyMap<string, PathFinder> | undefined;
  readonly at: number;
  readonly startedMs: number;
  caller: Caller;
  decision: LimitDecision | undefined;
  /** The code of the problem that was answered. */
  code: string | null;
  /** The request's fields, sorted; set by the step `head`. */
  fields: ReadFields | undefined;
  /** The request's whole body, once a step has read it (`readBody`); else it streams. */
  body: Buffer | undefined;
  /** What is forwarded otherwise than it came. */
  edits: ForwardEdits | undefined;
  /** What was streamed to the upstream, kept where the route asks for it. */
  sent: Buffer[] | undefined;
  /** True when all of the request's body has been taken from the caller's connection. */
  isRequestSent: boolean;
  /** What came after a request to switch to WebSocket; undefined for every other call. */
  readonly upgradeHead: Uint8Array | undefined;
  /** The call to the upstream, once there is one. */
  proxied: { abandon(): void } | undefined;
  /** Where the reply goes: the stages of the route, then the caller. Made by `replyOf`. */
  reply: ReplySink | undefined;
  /** Set by whoever writes into `reply`: called when a chunk that answered false may be followed by the next. */
  resume: (() => void) | undefined;
  /** Asked when the upstream failed before its reply began; true when it has answered instead (from a stale copy). */
  rescue: ((problem: Problem) => boolean) | undefined;
  /** What the call has to do with the cache; set by the step `cache`. */
  cache: CacheCall | undefined;
  readonly notes: CallNotes;
}

/** `answered`: the step has answered the call by itself. Nothing: the next step's turn. */
export type StepResult = void | "answered" | Promise<void | "answered">;

/**
 * One look at a call on its way to the upstream. A route has only the steps that it uses. It throws the problem that
 * refuses the call, and is synchronous where it can be.
 */
export interface Step {
  readonly name: string;
  run(call: Call): StepResult;
}

/**
 * Takes one reply: its head, its body in chunks, its end; or all at once. Between the upstream (or the cache) and the
 * caller stands a chain of these, one for each stage of the route. Bytes are only lent for the call: whoever keeps
 * them copies them. Who is given a head owns `head.headers` and may change it.
 */
export interface ReplySink {
  head(head: ReplyHead): void;
  /** False asks to wait until `call.resume` is called. */
  chunk(bytes: Buffer): boolean;
  /** The reply is complete. `trailers` is name, value, …. */
  end(trailers: readonly string[]): void;
  /** A reply whose body is known as a whole: instead of `head`, `chunk` and `end`. */
  whole(head: ReplyHead, body: Buffer): void;
}

/** Puts a sink of its own before `next`, or answers `next` where this call is none of its business. */
export interface ReplyStage {
  readonly name: string;
  wrap(call: Call, next: ReplySink): ReplySink;
}
