import type { Caller, Clock, Front, FrontRequest, Problem, RequestObserver } from "portico/kernel";
import { anonymous, isProblem } from "portico/kernel";
import { authorise, identify, takeLimits } from "./admit.ts";
import type { AdmitParts } from "./admit.ts";
import type { Call } from "./call.ts";
import { raise } from "./errors.ts";
import { upstreamRequest } from "./forward.ts";
import type { ForwardParts } from "./forward.ts";
import { readTarget } from "./path.ts";
import type { Target } from "./path.ts";
import { ProxyCall } from "./proxy-call.ts";
import type { ProxyParts } from "./proxy-call.ts";
import { refuse } from "./refuse.ts";
import type { Match, Route } from "./route.ts";
import type { Router } from "./router.ts";

/** Everything a request meets on its way. */
export interface GatewayParts extends AdmitParts, ForwardParts, ProxyParts {
  readonly clock: Clock;
  readonly observers: readonly RequestObserver[];
  /** Called for every answered call, for the metrics. */
  readonly count: (call: Call, status: number, durationMs: number) => void;
  /** The table in force. */
  readonly router: () => Router;
}

/** What nginx writes for a client that left before it was answered. */
const CLIENT_LEFT = 499;
const NO_TARGET: Target = { path: "", query: "" };

/** The gateway's lean path: route, admit, forward. */
export function gatewayFront(parts: () => GatewayParts | undefined): Front {
  return {
    id: "gateway",
    take: (front) => {
      const running = parts();
      return running === undefined ? false : take(running, front);
    },
  };
}

function take(parts: GatewayParts, front: FrontRequest): boolean {
  const router = parts.router();
  if (router.routes.length === 0) return false;
  const { method = "GET", url = "", headers } = front.request;
  const target = readTarget(url);
  if (typeof target === "string") {
    const call = begin(parts, { front, target: NO_TARGET, route: NO_ROUTE });
    end(parts, call, raise("gateway.pathAmbiguous", { params: { reason: target } }));
    return true;
  }
  const match = router.find(method, headers.host, target.path);
  if (match === undefined) return false;
  if (match.kind === "route") {
    admit(parts, begin(parts, { front, target, route: match.route }));
  } else {
    end(parts, begin(parts, { front, target, route: NO_ROUTE }), refusalOf(match, method));
  }
  return true;
}

/** Stands in the log for what no route has: raw paths would be labels without number. */
const NO_ROUTE: Route = Object.freeze({
  id: "unmatched",
  template: "unmatched",
  emits: [],
}) as unknown as Route;

function refusalOf(match: Exclude<Match, { kind: "route" }>, method: string): Problem {
  if (match.kind === "noRoute") {
    return raise("gateway.routeUnknown", { params: { api: match.api.id } });
  }
  return raise("gateway.methodNotAllowed", {
    params: { method, allowed: match.allowed },
    headers: { allow: match.allowed },
  });
}

function begin(
  parts: GatewayParts,
  { front, target, route }: Pick<Call, "front" | "target" | "route">,
): Call {
  const call: Call = {
    front,
    target,
    route,
    at: parts.clock.now(),
    startedMs: parts.clock.monotonic(),
    caller: anonymous,
    decision: undefined,
    code: null,
    proxied: undefined,
  };
  front.response.on("close", () => finished(parts, call));
  return call;
}

function admit(parts: GatewayParts, call: Call): void {
  try {
    const caller = identify(parts, call.front, call.route);
    // A promise is only met when the credential is not in memory yet.
    if (caller instanceof Promise) {
      caller.then(
        (found) => proceed(parts, call, found),
        (error: unknown) => fail(parts, call, error),
      );
    } else {
      proceed(parts, call, caller);
    }
  } catch (error) {
    fail(parts, call, error);
  }
}

function proceed(parts: GatewayParts, call: Call, caller: Caller): void {
  const { front, route } = call;
  // Gone while its key was looked up: nothing is counted or sent for nobody.
  if (front.response.destroyed) return;
  try {
    call.caller = caller;
    authorise(parts, caller, route);
    const request = upstreamRequest(parts, call);
    // Last, so that a call refused for anything else consumes nothing (design §2.2).
    const { clientAddress } = front;
    call.decision = takeLimits(parts, { caller, route, clientAddress });
    const proxied = new ProxyCall(parts, call, request);
    call.proxied = proxied;
    route.api.pool.send(proxied);
  } catch (error) {
    fail(parts, call, error);
  }
}

function fail(parts: GatewayParts, call: Call, error: unknown): void {
  if (isProblem(error)) {
    end(parts, call, error);
    return;
  }
  parts.logger.error({ err: error, requestId: call.front.requestId }, "the gateway failed");
  end(parts, call, raise("gateway.internal", { cause: error }));
}

function end(parts: GatewayParts, call: Call, problem: Problem): void {
  call.code = problem.code;
  refuse(parts, call.front, problem);
}

/** Once for every call, whether it was answered or its caller left. */
function finished(parts: GatewayParts, call: Call): void {
  const { front, caller } = call;
  const { response } = front;
  if (!response.writableFinished) call.proxied?.abandon();
  const status = response.headersSent ? response.statusCode : CLIENT_LEFT;
  const durationMs = parts.clock.monotonic() - call.startedMs;
  parts.count(call, status, durationMs);
  if (parts.observers.length === 0) return;
  const answered = {
    id: front.requestId,
    trace: front.trace,
    at: call.at,
    durationMs,
    organization: caller.organization,
    subject: caller.subject,
    method: front.request.method ?? "GET",
    route: call.route.template,
    path: call.target.path,
    status,
    code: call.code,
    clientAddress: front.clientAddress,
  };
  for (const observer of parts.observers) observer.answered(answered);
}
