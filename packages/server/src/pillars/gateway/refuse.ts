import { isProblem, sendProblem } from "portico/kernel";
import type { FrontRequest, Logger, Problem } from "portico/kernel";
import type { Api, Call, Match } from "./call.ts";
import { prepareRefusal } from "./cors/index.ts";
import { raise } from "./errors.ts";
import type { Failure } from "./upstream/index.ts";

/** What refusals are written with. */
export interface RefusalParts {
  readonly docsUrl: () => string;
  readonly logger: Logger;
}

/** Answers a problem. A request whose body was not read ends its connection: what follows could be taken for another. */
function refuse(parts: RefusalParts, front: FrontRequest, problem: Problem): void {
  const { request, response, requestId } = front;
  const { url = "" } = request;
  const mark = url.indexOf("?");
  if (!response.headersSent && !request.complete && hasBody(front)) {
    response.shouldKeepAlive = false;
  }
  const instance = mark < 0 ? url : url.slice(0, mark);
  sendProblem(response, problem, { docsUrl: parts.docsUrl(), requestId, instance });
}

/** True when a request says that a body follows its head. */
export function hasBody({ request }: FrontRequest): boolean {
  const { headers } = request;
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}

/** Answers a call with a problem, once; when its reply has begun, only a broken connection tells that it is not whole. */
export function refuseCall(parts: RefusalParts, call: Call, problem: Problem): void {
  const { front } = call;
  call.code = problem.code;
  if (problem.status >= 500) call.notes.error = problem.cause ?? problem;
  if (front.response.headersSent) {
    front.response.destroy();
    return;
  }
  // Calls that no API owns have a route without one.
  const cors = (call.route.api as Api | undefined)?.cors;
  if (cors !== undefined) prepareRefusal(cors, call);
  refuse(parts, front, problem);
}

/** What a caller is told when the upstream failed; the detail is for the operator. */
export function problemOfFailure({ kind, detail, retryAfterMs }: Failure): Problem {
  switch (kind) {
    case "unreachable":
      return raise("gateway.upstreamUnreachable", { internal: detail });
    case "closed":
      return raise("gateway.upstreamClosed", { internal: detail });
    case "malformed":
      return raise("gateway.upstreamMalformed", { internal: detail });
    case "busy":
      return raise("gateway.upstreamBusy", { internal: detail, headers: { "retry-after": "1" } });
    case "callerTooSlow":
      return raise("gateway.callerTooSlow", { internal: detail });
    case "down": {
      const seconds = Math.max(1, Math.ceil((retryAfterMs ?? 0) / 1_000));
      const headers = { "retry-after": String(seconds) };
      return raise("gateway.upstreamsDown", { internal: detail, headers });
    }
    case "connectTimeout":
    case "firstByteTimeout":
    case "idleTimeout":
    case "totalTimeout":
      return raise("gateway.upstreamTimeout", { internal: `${kind} ${detail}` });
  }
}

/** What a path that no route takes is answered. */
export function refusalOf(match: Exclude<Match, { kind: "route" }>, method: string): Problem {
  if (match.kind === "noRoute") {
    return raise("gateway.routeUnknown", { params: { api: match.api.id } });
  }
  return raise("gateway.methodNotAllowed", {
    params: { method, allowed: match.allowed },
    headers: { allow: match.allowed },
  });
}

/** Answers what went wrong: a problem as it is, anything else as `gateway.internal` with the reason in the log. */
export function failCall(parts: RefusalParts, call: Call, error: unknown): void {
  if (isProblem(error)) {
    refuseCall(parts, call, error);
    return;
  }
  parts.logger.error({ err: error, requestId: call.front.requestId }, "the gateway failed");
  refuseCall(parts, call, raise("gateway.internal", { cause: error }));
}
