import type { Clock } from "portico/kernel";
import { authorise, identify, takeLimits } from "./admit.ts";
import type { AdmitParts } from "./admit.ts";
import { cacheStage, cacheStep } from "./cache/index.ts";
import type { CacheRoom } from "./cache/index.ts";
import { sampleStage, sampleStep } from "./sample-bodies.ts";
import type { BodyBytes } from "./sample-bodies.ts";
import type { ReplyStage, Route, Step } from "./call.ts";
import { compressionStage } from "./compression/index.ts";
import { corsStage } from "./cors/index.ts";
import { readHead, upstreamHead } from "./forward.ts";
import type { ForwardParts } from "./forward.ts";
import { holdForEvents } from "./hold-for-events.ts";
import type { HoldParts } from "./hold-for-events.ts";
import { readBody } from "./body.ts";
import { ProxyCall } from "./proxy-call.ts";
import { isIdempotent } from "./repeatable.ts";
import { transformStages, transformSteps } from "./transform/index.ts";
import { fieldStages, lifecycleSteps, versionStages, versionSteps } from "./versions/index.ts";
import { validateStage } from "./validate-reply.ts";
import type { ValidateStageParts } from "./validate-reply.ts";
import { validateStep } from "./validate-request.ts";
import type { WebSockets } from "./web-sockets/index.ts";

/** Everything that steps and stages work with. */
export interface StepParts extends AdmitParts, ForwardParts, HoldParts, ValidateStageParts {
  readonly monotonic: () => number;
  readonly after: Clock["after"];
  readonly cache: CacheRoom;
  /** Undefined where nobody samples bodies. */
  readonly bodyBytes: BodyBytes | undefined;
  readonly webSockets: WebSockets;
}

/** What a route is before its steps are chosen. */
export type RouteRules = Omit<Route, "steps" | "replyStages">;

/**
 * The steps of a route, in the order in which a call takes them. What a call is refused for costs it nothing: limits are
 * taken when everything else has been looked at (design §2.2). The whole order, of which a route has what it uses:
 * cors · identify · pin · authorise · callers · lifecycle · head · validate · transform · version up · limits · cache ·
 * forward.
 */
export function stepsOf(route: RouteRules, parts: StepParts): readonly Step[] {
  return [
    ...when(route.auth !== "none", identifyStep(parts)),
    authoriseStep(parts),
    ...lifecycleSteps(route),
    ...(parts.bodyBytes === undefined ? [] : [sampleStep(parts.bodyBytes)]),
    headStep(parts),
    ...(route.requestChecks === undefined ? [] : [validateStep(route.requestChecks)]),
    ...when(route.api.retryBodyBytesMax > 0, keepForRetryStep()),
    ...transformSteps(route, parts),
    ...versionSteps(route, parts),
    limitsStep(parts),
    ...(route.cache === undefined ? [] : [cacheStep({ room: parts.cache, policy: route.cache })]),
    forwardStep(parts),
  ];
}

/**
 * The stages of a route's reply, from the upstream's side to the caller's. The whole order: emit · validate · versions ·
 * transform · cache · compress · fields (deprecation, CORS).
 */
export function stagesOf(route: RouteRules, parts: StepParts): readonly ReplyStage[] {
  const { compression, cors } = route.api;
  return [
    ...when(route.emits.length > 0, holdForEvents(parts)),
    ...(route.replyChecks === undefined ? [] : [validateStage(parts, route.replyChecks)]),
    ...versionStages(route, parts),
    ...transformStages(route, parts),
    ...when(route.invalidates === true, cacheStage(parts.cache)),
    ...when(parts.bodyBytes !== undefined, sampleStage),
    ...(compression === undefined
      ? []
      : [compressionStage({ rules: compression, store: parts.cache.store, after: parts.after })]),
    ...fieldStages(route),
    ...(cors === undefined ? [] : [corsStage(cors)]),
  ];
}

function when<TValue>(isWanted: boolean, value: TValue): readonly TValue[] {
  return isWanted ? [value] : [];
}

function identifyStep(parts: AdmitParts): Step {
  return {
    name: "identify",
    run: (call) => {
      const caller = identify(parts, call.front, call.route);
      // A promise is only met when the credential is not in memory yet.
      if (!(caller instanceof Promise)) {
        call.caller = caller;
        return undefined;
      }
      return caller.then((found) => {
        call.caller = found;
      });
    },
  };
}

function authoriseStep(parts: AdmitParts): Step {
  return { name: "authorise", run: (call) => authorise(parts, call.caller, call.route) };
}

function headStep(parts: ForwardParts): Step {
  return { name: "head", run: (call) => readHead(parts, call) };
}

/** A small body is read first where another target may need it again. */
function keepForRetryStep(): Step {
  return {
    name: "keep for retry",
    run: (call) => {
      const { fields, route, isRequestSent, body } = call;
      if (isRequestSent || body !== undefined || fields === undefined) return undefined;
      const { retryBodyBytesMax } = route.api;
      const isSmall = !fields.isChunked && fields.contentLength <= retryBodyBytesMax;
      if (!isSmall || !isIdempotent(call)) return undefined;
      return readBody(call, retryBodyBytesMax).then(() => undefined);
    },
  };
}

function limitsStep(parts: AdmitParts): Step {
  return { name: "limits", run: (call) => takeLimits(parts, call) };
}

function forwardStep(parts: StepParts): Step {
  return {
    name: "forward",
    run: (call) => {
      const head = upstreamHead(parts, call);
      const proxied =
        call.upgradeHead === undefined
          ? new ProxyCall(parts, call, head)
          : parts.webSockets.take(call, new ProxyCall(parts, call, head));
      call.proxied = proxied;
      call.notes.upstreamAtMs = parts.monotonic();
      call.route.api.pool.send(proxied);
    },
  };
}
