import { isProblem, redactText } from "portico/kernel";
import type { AnsweredRequest, Failure } from "portico/kernel";
import type { Identity } from "./fingerprint.ts";

const TEXT_MAX = 2_000;
const STACK_MAX = 8_000;

/** One failure as it is kept. */
export interface Occurrence extends Identity {
  readonly organization: string;
  readonly at: number;
  readonly subject: string;
  readonly trace: string | null;
  /** The request, job or event that failed. */
  readonly source: string | null;
  /** What a caller was or may be told. */
  readonly message: string;
  /** What it said inside: for operators. */
  readonly detail: string | null;
}

/** A request that was answered with 500 or more. */
export function ofRequest(request: AnsweredRequest): Occurrence {
  const { error, code, status } = request;
  const told = isProblem(error) ? error.message : undefined;
  const answered = `${request.api === "portico" ? "The operation" : "The upstream"} answered ${status}.`;
  const message = told ?? (code === null ? answered : `It was answered with ${code}.`);
  const inside = error === undefined ? { detail: null, stack: null } : insideOf(error);
  return {
    kind: kindOf(request),
    organization: request.organization,
    place: `${request.method} ${request.route}`,
    code,
    message: storable(message, TEXT_MAX),
    ...inside,
    text: inside.detail ?? message,
    at: Math.floor(request.at),
    subject: request.subject,
    trace: request.trace,
    source: request.id,
  };
}

function kindOf({ api, code }: AnsweredRequest): string {
  if (api === "portico") return "operation";
  const isOurs = code === "gateway.internal" || code?.startsWith("gateway.") === false;
  return isOurs ? "gateway" : "upstream";
}

/** A job or a part of a plugin that failed. */
export function ofFailure(failure: Failure): Occurrence {
  const { kind, organization, place, code, error, subject, trace, id } = failure;
  const inside = insideOf(error);
  const message = kind === "job" ? "A job failed." : "A part of a plugin failed.";
  return {
    kind,
    organization,
    place,
    code,
    message: isProblem(error) ? storable(error.message, TEXT_MAX) : message,
    ...inside,
    text: inside.detail ?? message,
    at: Math.floor(failure.at),
    subject,
    trace,
    source: id,
  };
}

function insideOf(error: unknown): {
  readonly detail: string | null;
  readonly stack: string | null;
} {
  if (!(error instanceof Error)) return { detail: storable(String(error), TEXT_MAX), stack: null };
  const internal = isProblem(error) ? error.options.internal : undefined;
  const detail = internal === undefined ? error.message : `${error.message} (${internal})`;
  // A problem is raised on purpose: where it was made tells nothing that its code does not.
  const stack = isProblem(error) ? undefined : error.stack;
  return {
    detail: storable(detail, TEXT_MAX),
    stack: stack === undefined ? null : storable(stack, STACK_MAX),
  };
}

/** Text that both databases take, without secrets. */
export function storable(text: string, max: number): string {
  return redactText(text.slice(0, max * 2))
    .slice(0, max)
    .replaceAll("\u0000", "\uFFFD")
    .toWellFormed();
}
