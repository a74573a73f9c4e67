import type { Clock, Front, FrontRequest, RequestObserver } from "portico/kernel";
import { anonymous, isProblem } from "portico/kernel";
import { GatewayAnswer } from "./answer.ts";
import type { Call, Route } from "./call.ts";
import { answerPreflight, preflightOf, prepareRefusal } from "./cors/index.ts";
import { raise } from "./errors.ts";
import { blankNotes } from "./notes.ts";
import { readTarget } from "./path.ts";
import type { Target } from "./path.ts";
import { failCall, hasBody, refusalOf } from "./refuse.ts";
import type { Router } from "./router.ts";
import { runSteps } from "./run-steps.ts";
import { upgradeFault } from "./web-sockets/index.ts";
import type { StepParts } from "./steps.ts";

/** Everything a request meets on its way. */
export interface GatewayParts extends StepParts {
  readonly clock: Clock;
  readonly observers: readonly RequestObserver[];
  /** Called for every answered call, for the metrics. */
  readonly count: (call: Call, status: number, durationMs: number) => void;
  /** The table in force. */
  readonly router: () => Router;
  /** Answers what a step threw. */
  readonly failed: (call: Call, error: unknown) => void;
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
      return running === undefined ? false : take(running, front, undefined);
    },
    upgrade: (front, head) => {
      const running = parts();
      return running === undefined ? false : take(running, front, head);
    },
    stopping: () => parts()?.webSockets.end(),
  };
}

function take(
  parts: GatewayParts,
  front: FrontRequest,
  upgradeHead: Uint8Array | undefined,
): boolean {
  const router = parts.router();
  if (router.routes.length === 0) return false;
  const { method = "GET", url = "", headers } = front.request;
  const target = readTarget(url);
  if (typeof target === "string") {
    const call = begin(parts, { front, target: NO_TARGET, route: NO_ROUTE, upgradeHead });
    failCall(parts, call, raise("gateway.pathAmbiguous", { params: { reason: target } }));
    return true;
  }
  if (method === "OPTIONS" && takePreflight(parts, front, { target, router })) return true;
  const match = router.find(method, headers.host, target.path);
  if (match === undefined) return false;
  const { cutPath } = target;
  const other = cutPath === undefined ? match : router.find(method, headers.host, cutPath);
  const route = match.kind === "route" ? match.route : NO_ROUTE;
  const call = begin(parts, { front, target, route, upgradeHead });
  if (match.kind !== "route") {
    // The API's rules hold for what it has no route for as well: a page may read the refusal.
    if (match.api.cors !== undefined) prepareRefusal(match.api.cors, call);
    failCall(parts, call, refusalOf(match, method));
  } else if (other?.kind !== "route" || other.route !== route) {
    // One reading of the path must not be let in where another would be asked for more.
    const reason = "holds parameters (;) without which it leads to another route";
    failCall(parts, call, raise("gateway.pathAmbiguous", { params: { reason } }));
  } else {
    enter(parts, call);
  }
  return true;
}

function enter(parts: GatewayParts, call: Call): void {
  const { upgradeHead, front } = call;
  const fault = upgradeHead === undefined ? undefined : upgradeFault(front.request);
  if (fault === undefined) runSteps(call, parts.failed);
  else failCall(parts, call, raise("gateway.upgradeRefused", { params: { reason: fault } }));
}

interface Place {
  readonly target: Target;
  readonly router: Router;
}

/** Answers what a browser asks before a page's request, where the API has rules for it: nobody is identified or counted. */
function takePreflight(
  parts: GatewayParts,
  front: FrontRequest,
  { target, router }: Place,
): boolean {
  const preflight = preflightOf(front.request);
  if (preflight === undefined) return false;
  const match = router.find(preflight.method, front.request.headers.host, target.path);
  if (match?.kind !== "route" || match.route.api.cors === undefined) return false;
  const call = begin(parts, { front, target, route: match.route, upgradeHead: undefined });
  const answer = answerPreflight(match.route.api.cors, preflight);
  if (isProblem(answer)) {
    failCall(parts, call, answer);
  } else {
    if (hasBody(front)) front.response.shouldKeepAlive = false;
    front.response.writeHead(204, { ...answer, "X-Request-Id": front.requestId });
    front.response.end();
  }
  return true;
}

/** Stands in the log for what no route has: raw paths would be labels without number. */
const NO_ROUTE: Route = Object.freeze({
  id: "unmatched",
  template: "unmatched",
  emits: [],
  steps: [],
  replyStages: [],
}) as unknown as Route;

function begin(
  parts: GatewayParts,
  { front, target, route, upgradeHead }: Pick<Call, "front" | "target" | "route" | "upgradeHead">,
): Call {
  const call: Call = {
    front,
    upgradeHead,
    target,
    route,
    at: parts.clock.now(),
    startedMs: parts.clock.monotonic(),
    caller: anonymous,
    decision: undefined,
    code: null,
    fields: undefined,
    body: undefined,
    edits: undefined,
    sent: undefined,
    isRequestSent: false,
    proxied: undefined,
    reply: undefined,
    resume: undefined,
    versions: undefined,
    rescue: undefined,
    cache: undefined,
    notes: blankNotes(),
  };
  const { path } = target;
  front.response.on("close", () => finished(parts, call, path));
  return call;
}

/** Once for every call, whether it was answered or its caller left. */
function finished(parts: GatewayParts, call: Call, path: string): void {
  const { response } = call.front;
  if (!response.writableFinished) call.proxied?.abandon();
  call.decision?.release?.();
  const status = response.headersSent ? response.statusCode : CLIENT_LEFT;
  const durationMs = parts.clock.monotonic() - call.startedMs;
  parts.count(call, status, durationMs);
  if (parts.observers.length === 0) return;
  const answered = new GatewayAnswer(call, { path, status, durationMs });
  for (const observer of parts.observers) {
    try {
      observer.answered(answered);
    } catch (error) {
      // Thrown within an event, it would end the process.
      parts.logger.warn({ err: error, requestId: answered.id }, "a request observer failed");
    }
  }
}
