import type { IncomingMessage, ServerResponse } from "node:http";
import type {
  AnsweredRequest,
  Caller,
  RequestDecision,
  RequestDetails,
} from "../contract/index.ts";
import type { RequestContext } from "./request-context.ts";

/** What an answer on our own paths is told from. */
export interface OwnAnswerParts {
  readonly context: RequestContext;
  readonly request: IncomingMessage;
  readonly caller: Caller;
  readonly status: number;
  readonly durationMs: number;
}

/** A request on our own paths as observers are told of it. Bodies are never sampled here: they show secrets once. */
export function createOwnAnswer(parts: OwnAnswerParts): AnsweredRequest {
  const { context, request, caller, status, durationMs } = parts;
  return {
    id: context.requestId,
    trace: context.trace,
    at: context.at,
    durationMs,
    organization: caller.organization,
    subject: caller.subject,
    method: request.method ?? "GET",
    route: context.route,
    path: context.path,
    status,
    code: context.code,
    clientAddress: context.client.address,
    api: "portico",
    version: null,
    credential: caller.credential ?? (caller.kind === "key" ? caller.subject : null),
    credentialName: caller.name ?? null,
    bytesIn: lengthOf(request.headers["content-length"]),
    bytesOut: lengthOf(context.response.getHeader("content-length")),
    upstreamMs: null,
    cache: null,
    error: context.error,
    details: () => detailsOf(parts),
  };
}

function lengthOf(header: unknown): number {
  const length = Number(header ?? 0);
  return Number.isSafeInteger(length) && length > 0 ? length : 0;
}

function detailsOf(parts: OwnAnswerParts): RequestDetails {
  const { request, context } = parts;
  const { url = "" } = request;
  const mark = url.indexOf("?");
  return {
    query: mark < 0 ? "" : url.slice(mark + 1),
    requestHeaders: request.rawHeaders,
    replyHeaders: headersOf(context.response),
    decisions: decisionsOf(parts),
  };
}

function headersOf(response: ServerResponse): readonly string[] {
  return Object.entries(response.getHeaders()).flatMap(([name, value]) => [name, String(value)]);
}

/** What is known from the outcome: steps after the one that refused were not taken. */
function decisionsOf({ context, caller, status }: OwnAnswerParts): readonly RequestDecision[] {
  const { operation, code, route, response } = context;
  const steps: RequestDecision[] = [
    {
      step: "route",
      outcome: route === "unmatched" ? "unknown" : "found",
      facts: { template: route, operation: operation?.id ?? null },
    },
  ];
  if (operation !== undefined) steps.push(...admission(operation.access, caller, code));
  const limit = response.getHeader("ratelimit");
  if (limit !== undefined) {
    const outcome = status === 429 ? "refused" : "allowed";
    const policy = response.getHeader("ratelimit-policy") ?? null;
    steps.push({ step: "limit", outcome, facts: { policy, state: limit } });
  }
  steps.push({
    step: "answer",
    outcome: code === null ? "given" : "refused",
    facts: { status, code },
  });
  return steps;
}

function admission(
  access: string,
  caller: Caller,
  code: string | null,
): readonly RequestDecision[] {
  const { kind, subject, name = null } = caller;
  const key: RequestDecision = {
    step: "key",
    outcome: kind === "anonymous" ? "none" : "known",
    facts: { kind, subject, name },
  };
  if (access === "public" || access === "caller") return [key];
  const outcome = code === "access.forbidden" || kind === "anonymous" ? "refused" : "allowed";
  return [key, { step: "permission", outcome, facts: { permission: access } }];
}
