import type { Caller } from "./caller.ts";
import type { PluginContext } from "./context.ts";
import { point } from "./point.ts";

/**
 * A request that was answered. What every observer counts by is a plain field; what only a kept row needs is made when
 * `details` is called, so that requests without a row cost nothing for it.
 */
export interface AnsweredRequest {
  readonly id: string;
  readonly trace: string;
  /** Milliseconds since 1970, when it came. */
  readonly at: number;
  readonly durationMs: number;
  readonly organization: string;
  readonly subject: string;
  readonly method: string;
  /** Template, not the raw path: `/api/v1/keys/{id}`. */
  readonly route: string;
  readonly path: string;
  readonly status: number;
  readonly code: string | null;
  readonly clientAddress: string;
  /** Id of the fronted API; `portico` for Portico's own operations. */
  readonly api: string;
  /** Version of the fronted API that was called; null where it has none. */
  readonly version: string | null;
  /** Id of the key that was used; null without one. */
  readonly credential: string | null;
  /** What people call that key; null where nobody named it. */
  readonly credentialName: string | null;
  /** Bytes of the two bodies as far as they are known, framing left out. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** How much of `durationMs` was spent waiting for an upstream; null when none was asked. */
  readonly upstreamMs: number | null;
  /** What the cache did: `hit`, `miss`, `stale`, …; null where there is none. */
  readonly cache: string | null;
  /** What broke inside, behind an answer from 500 on: for operators, never for the wire. */
  readonly error: unknown;
  /** Everything else. Only to be called while the observer is being told. */
  details(): RequestDetails;
}

/** What a kept row shows beyond the plain fields. Nothing of it is redacted yet. */
export interface RequestDetails {
  /** Without the question mark. */
  readonly query: string;
  /** Names and values in turn, as node:http gives `rawHeaders`. */
  readonly requestHeaders: readonly string[];
  readonly replyHeaders: readonly string[];
  /** What was decided about the request, in the order in which it was. */
  readonly decisions: readonly RequestDecision[];
  /** Present where an observer asked for it by `bodyBytes`. */
  readonly requestBody?: BodySample | undefined;
  readonly replyBody?: BodySample | undefined;
}

/** One decision on a request's way. */
export interface RequestDecision {
  /** `route`, `key`, `permission`, `version`, `validation`, `limit`, `cache`, `upstream`, … */
  readonly step: string;
  /** In a word: `found`, `allowed`, `refused`, `hit`, `answered`, … */
  readonly outcome: string;
  /** Plain JSON. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** The beginning of a body. */
export interface BodySample {
  /** As the message says, in lower case and without parameters; empty when it says nothing. */
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** There was more than was kept. */
  readonly isCut: boolean;
}

/** Is told of every answered request, after the answer; outside the promise (design §2.1). */
export interface RequestObserver {
  /** Synchronous and cheap: it runs on the hot path. */
  answered(request: AnsweredRequest): void;
  /** Asked at the beginning of a fronted call: how many bytes of each body to keep for `details`; 0 for none. */
  bodyBytes?(): number;
}
/** `kernel.requestObservers@1` */
export const RequestObservers = point<RequestObserver>("kernel.requestObservers@1");

/** Something that failed with nobody to be answered: a job, a reaction, a part of a plugin. */
export interface Failure {
  /** `job`: a run that threw or was set aside. `plugin`: a reaction that parked an event, an observer that threw. */
  readonly kind: "job" | "plugin";
  readonly organization: string;
  /** Where: `webhooks.deliver`, `notes.count`. */
  readonly place: string;
  /** A stable code where there is one. */
  readonly code: string | null;
  /** Whatever was thrown, or its text where only that was kept. */
  readonly error: unknown;
  /** Who caused it: the thread's actor. */
  readonly subject: string;
  readonly trace: string | null;
  /** Id of what failed: a job's, an event's. */
  readonly id: string | null;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Is told of failures as they happen; outside the promise, like the request log. Must not throw. */
export interface FailureObserver {
  failed(failure: Failure): void;
}
/** `kernel.failureObservers@1` */
export const FailureObservers = point<FailureObserver>("kernel.failureObservers@1");

/** A request that nobody sent: what would be decided about it? */
export interface ExplainQuestion {
  readonly method: string;
  /** With its query. */
  readonly target: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Who would send it; anonymous when nobody was named. */
  readonly caller: Caller;
}

/** A reason for which the request would be refused. */
export interface ExplainedProblem {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
}

/** What would be decided. Nothing is counted, stored or sent for it. */
export interface Explanation {
  /** Whether it would be let through. */
  readonly valid: boolean;
  /** Template of the route; null where none fits. */
  readonly route: string | null;
  readonly api: string | null;
  readonly version: string | null;
  /** What the caller must hold; empty for nothing. */
  readonly permissions: readonly string[];
  /** Such as `60/min`. */
  readonly rateLimit: readonly string[];
  readonly decisions: readonly RequestDecision[];
  readonly problems: readonly ExplainedProblem[];
}

/** Decides on paper about requests that its plugin would take. Asked in the order of the plugins. */
export interface Explainer {
  readonly id: string;
  /** Undefined when the request is not this plugin's. */
  explain(question: ExplainQuestion, ctx: PluginContext): Promise<Explanation | undefined>;
}
/** `kernel.explainers@1` */
export const Explainers = point<Explainer>("kernel.explainers@1");
