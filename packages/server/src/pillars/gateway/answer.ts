import type { ServerResponse } from "node:http";
import type { AnsweredRequest, RequestDecision, RequestDetails } from "portico/kernel";
import type { Call } from "./call.ts";
import type { CallNotes } from "./notes.ts";

/** What nobody's API is called in the log: a request that found no route. */
const NO_API = "unmatched";

/** How a call ended. */
export interface Ended {
  /** As the caller sent it, in its plain form. */
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
}

/**
 * A fronted call as observers are told of it. A class, so that `details` costs no closure: it is made for every call,
 * and asked for those that get a row.
 */
export class GatewayAnswer implements AnsweredRequest {
  readonly id: string;
  readonly trace: string;
  readonly at: number;
  readonly durationMs: number;
  readonly organization: string;
  readonly subject: string;
  readonly method: string;
  readonly route: string;
  readonly path: string;
  readonly status: number;
  readonly code: string | null;
  readonly clientAddress: string;
  readonly api: string;
  readonly version: string | null;
  readonly credential: string | null;
  readonly credentialName: string | null;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly upstreamMs: number | null;
  readonly cache: string | null;
  readonly error: unknown;
  readonly #call: Call;

  constructor(call: Call, { path, status, durationMs }: Ended) {
    const { front, caller, route, notes } = call;
    this.id = front.requestId;
    this.trace = front.trace;
    this.at = call.at;
    this.durationMs = durationMs;
    this.organization = caller.organization;
    this.subject = caller.subject;
    this.method = front.request.method ?? "GET";
    this.route = route.template;
    this.path = path;
    this.status = status;
    this.code = call.code;
    this.clientAddress = front.clientAddress;
    this.api = apiOf(call);
    this.version = route.version?.id ?? null;
    this.credential = caller.credential ?? (caller.kind === "key" ? caller.subject : null);
    this.credentialName = caller.name ?? null;
    this.bytesIn = notes.bytesIn;
    this.bytesOut = notes.bytesOut;
    this.upstreamMs = upstreamMsOf(call, durationMs);
    this.cache = notes.cache;
    this.error = notes.error;
    this.#call = call;
  }

  details(): RequestDetails {
    const call = this.#call;
    const { front, target, notes } = call;
    const { rawHeaders, headers } = front.request;
    const replyHeaders = notes.replyHeaders ?? headersOf(front.response);
    const bodies = notes.samples?.taken({
      request: headers["content-type"] ?? "",
      reply: valueOf(replyHeaders, "content-type"),
    });
    return {
      query: target.query.replace(/^\?/, ""),
      requestHeaders: rawHeaders,
      replyHeaders,
      decisions: decisionsOf(call, this),
      requestBody: bodies?.request,
      replyBody: bodies?.reply,
    };
  }
}

function headersOf(response: ServerResponse): readonly string[] {
  return Object.entries(response.getHeaders()).flatMap(([name, value]) => [name, String(value)]);
}

function valueOf(headers: readonly string[], name: string): string {
  const index = headers.findIndex((each, at) => at % 2 === 0 && each.toLowerCase() === name);
  return index < 0 ? "" : (headers[index + 1] ?? "");
}

function apiOf({ route }: Call): string {
  // The route that stands for none has no API, whatever its type says.
  return (route as { readonly api?: { readonly id: string } }).api?.id ?? NO_API;
}

/** From the moment the call was handed to the pool to the head of the reply; to the end where none came. */
function upstreamMsOf({ notes, startedMs }: Call, durationMs: number): number | null {
  if (notes.upstreamAtMs === 0) return null;
  const until = notes.repliedAtMs === 0 ? startedMs + durationMs : notes.repliedAtMs;
  return Math.max(0, until - notes.upstreamAtMs);
}

function decisionsOf(call: Call, answer: GatewayAnswer): readonly RequestDecision[] {
  const { route, notes, decision } = call;
  const isFound = answer.api !== NO_API;
  const steps: RequestDecision[] = [
    {
      step: "route",
      outcome: isFound ? "found" : "unknown",
      facts: { id: route.id, template: route.template, api: answer.api },
    },
  ];
  if (isFound) steps.push(...admission(call));
  if (decision !== undefined) {
    const { allowed, ...facts } = decision;
    steps.push({ step: "limit", outcome: allowed ? "allowed" : "refused", facts });
  } else if (answer.code === "request.rateLimited") {
    steps.push({ step: "limit", outcome: "refused", facts: {} });
  }
  if (answer.version !== null) steps.push(version(answer.version, notes));
  steps.push(...(notes.decisions ?? []));
  const cache = cacheDecision(call);
  if (cache !== undefined) steps.push(cache);
  if (answer.upstreamMs !== null) steps.push(upstream(call, answer.upstreamMs));
  const facts = { status: answer.status, code: answer.code };
  steps.push({ step: "answer", outcome: answer.code === null ? "given" : "refused", facts });
  return steps;
}

function admission({ route, caller, code }: Call): readonly RequestDecision[] {
  const { kind, subject, name = null } = caller;
  const isUnknown = code === "access.unauthenticated";
  const known = kind === "anonymous" ? "none" : "known";
  const steps: RequestDecision[] = [
    {
      step: "key",
      outcome: isUnknown ? "refused" : known,
      facts: { wanted: route.auth, kind, subject, name },
    },
  ];
  if (route.permissions.length > 0 && !isUnknown) {
    const outcome = code === "access.forbidden" ? "refused" : "allowed";
    steps.push({ step: "permission", outcome, facts: { permissions: route.permissions } });
  }
  return steps;
}

function version(id: string, { versionFrom, versionChanges }: CallNotes): RequestDecision {
  const changes = (versionChanges ?? []).map(({ version: each }) => each);
  return { step: "version", outcome: "chosen", facts: { id, by: versionFrom ?? "route", changes } };
}

/** Undefined for calls that the cache had nothing to do with. */
function cacheDecision({ cache, notes }: Call): RequestDecision | undefined {
  if (notes.cache === null) return undefined;
  const { kind = "bypass", ...facts } = cache?.note ?? {};
  const objection = cache?.objection === undefined ? {} : { notStored: `it ${cache.objection}` };
  return { step: "cache", outcome: kind, facts: { ...facts, ...objection } };
}

function upstream({ notes }: Call, durationMs: number): RequestDecision {
  const outcome = notes.repliedAtMs === 0 ? "failed" : "answered";
  const facts = { durationMs: round(durationMs), attempts: notes.attempts ?? [] };
  return { step: "upstream", outcome, facts };
}

function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
