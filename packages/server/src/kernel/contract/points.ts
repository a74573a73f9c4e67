import type { IncomingMessage, ServerResponse } from "node:http";
import type { ProblemPlace } from "../../base/index.ts";
import type { Caller } from "./caller.ts";
import type { CredentialRequest, PluginContext, RetentionQuery } from "./context.ts";
import type { Limiter } from "./limit.ts";
import { point } from "./point.ts";
import type { Report } from "./progress.ts";
import type { StatisticCounts, StatisticQuery } from "./statistics.ts";

/**
 * Recognises one kind of credential. Authenticators are asked in the order of their plugins; each owns its header
 * forms. Two that both find a credential in one request make it a 400 (`access.twoCredentials`).
 */
export interface Authenticator {
  readonly id: string;
  /** For `WWW-Authenticate` on a 401: `Bearer`. A function where it names the server's own address. */
  readonly challenge: string | (() => string);
  /** The credential, if this request carries one of this kind; never looked at further here. */
  find(request: CredentialRequest): string | undefined;
  /** Who it is. Synchronous from memory where it can. Throws a 401 problem. */
  identify(credential: string, request: CredentialRequest): Caller | Promise<Caller>;
  /**
   * A query without credentials of this kind, for fronts that pass requests on; the same text where there is none. Left out
   * by kinds that never stand in a query.
   */
  strippedQuery?(query: string): string;
  /** The same of a `Cookie` field's value; empty where nothing is left. Left out by kinds that never stand in a cookie. */
  strippedCookie?(cookie: string): string;
  /** The caller that a credential of this id stands for, to decide on paper; undefined where it is none of this kind. */
  lookUp?(id: string): Promise<FoundCaller | undefined>;
}

/** A caller found without its credential. */
export interface FoundCaller {
  readonly caller: Caller;
  /** The code with which the credential would be refused now; null when it would be accepted. */
  readonly refusal: string | null;
}
/** `kernel.authenticators@1` */
export const Authenticators = point<Authenticator>("kernel.authenticators@1");

/**
 * Judges each caller that a request is found to be of, and nobody, too: what has become known of it elsewhere than in its
 * credential. It may refuse (throws a problem) or answer the caller as it may act now, such as a caller without an
 * account that may do what guests may.
 */
export interface CallerGuard {
  readonly id: string;
  /** Asked at every request, so synchronous from memory where it can. */
  admit(caller: Caller): Caller | Promise<Caller>;
}
/** `kernel.callerGuards@1` */
export const CallerGuards = point<CallerGuard>("kernel.callerGuards@1");

/** `kernel.limiters@1`: the first contribution serves `limits` of operations; without one they are not enforced and start says so. */
export const Limiters = point<Limiter>("kernel.limiters@1");

/** One request before any of our own routing, straight from node:http. */
export interface FrontRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly trace: string;
  /** The peer, or what trusted proxies say of the client. */
  readonly clientAddress: string;
}

/**
 * Takes requests before the operations do: the gateway's lean path. `take` returns false at once for what is not its
 * own; Portico's own paths are never offered to it.
 */
export interface Front {
  readonly id: string;
  take(front: FrontRequest): boolean;
  /**
   * The same for a request to switch protocols. `front.response` is on its socket: a refusal is answered by it as any
   * other, and ends the connection. Who switches writes the head of 101 by it, and the new protocol to
   * `front.request.socket`; `head` holds what came after the request.
   */
  upgrade?(front: FrontRequest, head: Uint8Array): boolean;
  /** The server stops: sockets that were switched are ended now, and cut when its deadline comes. */
  stopping?(): void;
}
/** `kernel.fronts@1` */
export const Fronts = point<Front>("kernel.fronts@1");

/** Permissions that are known only while the server runs: those of the applications that are fronted. */
export interface DeclaredPermissions {
  /** True for a permission over an organization that somebody declares; asked on every check of one that no plugin has. */
  has(permission: string): boolean;
}
/** `kernel.permissions@1` */
export const Permissions = point<DeclaredPermissions>("kernel.permissions@1");

/** One thing that happened on a thread. */
export interface TimelineEntry {
  /** `request`, `event`, `delivery`, `attempt`, … */
  readonly kind: string;
  readonly id: string;
  /** Id of the entry that led to this one. */
  readonly cause: string | null;
  /** Milliseconds since 1970, UTC. */
  readonly at: number;
  readonly summary: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Tells what one plugin did on a thread. */
export interface TimelineSource {
  readonly id: string;
  entries(
    query: { readonly organization: string; readonly trace: string },
    ctx: PluginContext,
  ): Promise<readonly TimelineEntry[]>;
}
/** `kernel.timeline@1` */
export const Timeline = point<TimelineSource>("kernel.timeline@1");

/** Says which old events a plugin cannot do without yet: they are kept until it can. Told when they go. */
export interface RetentionHold {
  readonly id: string;
  /** Those of the events that are still needed, by their ids. Asked before each deletion, of at most 200 at once. */
  needed(query: RetentionQuery, ctx: PluginContext): Promise<readonly string[]>;
  /**
   * Deletes what the plugin keeps of these events, which are deleted next. After a crash between the two it is told of them
   * again.
   */
  letGo?(query: RetentionQuery, ctx: PluginContext): Promise<void>;
}
/** `kernel.retention@1` */
export const Retention = point<RetentionHold>("kernel.retention@1");

/**
 * Says what of an event's data does not fit its type. For events that are stored whatever it says, since what they tell
 * has happened: those that a gateway makes of calls that have succeeded.
 */
export interface EventJudge {
  readonly id: string;
  judge(
    event: { readonly organization: string; readonly type: string; readonly data: unknown },
    ctx: PluginContext,
  ): Promise<readonly ProblemPlace[]>;
}
/** `kernel.eventJudges@1` */
export const EventJudges = point<EventJudge>("kernel.eventJudges@1");

/** One line of the statistics of an installation, counted by the plugin whose rows it is about. */
export interface Statistic {
  /** `keys.created`: the plugin, then what is counted. */
  readonly id: string;
  readonly label: string;
  /** What one of them is called, in the plural: `keys`. */
  readonly unit: string;
  /**
   * Counts by an index, so that the cost is bounded by the range. Undefined where that would still be too much: the line is
   * then left out with a word about it, and all others are answered.
   */
  count(query: StatisticQuery, ctx: PluginContext): Promise<StatisticCounts | undefined>;
}
/** `kernel.statistics@1` */
export const Statistics = point<Statistic>("kernel.statistics@1");

/** One row of `/health` and of `portico doctor`. */
export interface Check {
  readonly id: string;
  run(ctx: PluginContext): Promise<CheckResult>;
}

/** How a check went. */
export interface CheckResult {
  readonly status: "ok" | "warn" | "fail";
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
  readonly latencyMs?: number;
}
/** `kernel.checks@1` */
export const Checks = point<Check>("kernel.checks@1");

/** A plain document that Portico serves on its own origin outside `/api`: pages, JWKS, OpenAPI. No credential is asked. */
export interface Page {
  /** `/docs`, `/.well-known/jwks.json`, `/docs/errors/{code}`; below the base path. */
  readonly path: string;
  serve(request: PageRequest, ctx: PluginContext): PageReply | Promise<PageReply>;
}

/** What a page may look at. */
export interface PageRequest {
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Lower-case names, as node:http joins them. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A page's answer. */
export interface PageReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}
/** `kernel.pages@1` */
export const Pages = point<Page>("kernel.pages@1");

/** Keys by which others check what a plugin signs: all of them are one set, at `/.well-known/jwks.json`. */
export interface PublicKeySource {
  readonly id: string;
  /** Public halves as JSON Web Keys (RFC 7517), each with `kid`, `alg` and `use`. */
  keys(ctx: PluginContext): PublicJwks | Promise<PublicJwks>;
}

/** Public halves of keys, never more. */
export type PublicJwks = readonly Readonly<Record<string, unknown>>[];
/** `kernel.publicKeys@1` */
export const PublicKeys = point<PublicKeySource>("kernel.publicKeys@1");

/** One word after the verb: `portico keys revoke <id>`. */
export interface CliArgument {
  readonly name: string;
  readonly description: string;
  /** True unless said otherwise. */
  readonly isRequired?: boolean;
  /** True for the path of a file: it arrives absolute, since the server may have been started in another folder. */
  readonly isFile?: boolean;
}

/** One option of a verb. */
export interface CliOption {
  /** As printed in the help: `--name <text>`, `--root`; with a value it arrives as text, without as `true`. */
  readonly flag: string;
  readonly description: string;
  readonly default?: string;
  /** The option may be given several times and arrives as a list. */
  readonly isRepeatable?: boolean;
}

/** What was typed. Option names arrive in camelCase: `--expires-in` is `options.expiresIn`. */
export interface CliInput {
  readonly arguments: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string | boolean | readonly string[]>>;
}

/** What a verb gives: `data` for `--json` (a stable contract), `text` for people; `hint` goes to stderr. */
export interface CliOutput {
  readonly data: unknown;
  readonly text: string;
  readonly hint?: string;
  /** A request that the command line then makes from the machine it runs on; its outcome is printed instead. */
  readonly send?: CliRequest;
}

/** A POST of the command line to an address that was typed at it: a program in development, which no server may reach. */
export interface CliRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The exact bytes, in base64. */
  readonly body: string;
  /** What `run` is given to make the same request anew, when somebody asks for it again. */
  readonly again: CliInput;
}

/**
 * A command `portico <noun> <verb>`. It runs inside the server: in the one that is running, reached through
 * `control.sock`, else in one that is assembled for the moment without listening. So `input` and `data` are plain JSON.
 */
export interface CliVerb {
  /** A word of the product: `keys`. */
  readonly noun: string;
  /** Empty where the noun alone is the command: `portico tail`. */
  readonly verb: string;
  readonly summary: string;
  readonly arguments?: readonly CliArgument[];
  readonly options?: readonly CliOption[];
  /** Throws problems; the command then ends with code 1. Work of more than a second tells how far it is. */
  run(ctx: PluginContext, input: CliInput, report: Report): Promise<CliOutput>;
  /**
   * Goes on giving until the signal: asked instead of `run`, and only of a server that is running. Each output is
   * printed at once; under `--json` as one line of JSON.
   */
  follow?(ctx: PluginContext, input: CliInput, signal: AbortSignal): AsyncIterable<CliOutput>;
}
/** `kernel.cli@1` */
export const CliVerbs = point<CliVerb>("kernel.cli@1");
