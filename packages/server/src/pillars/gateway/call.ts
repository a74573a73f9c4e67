import type { Caller, FrontRequest, LimitDecision } from "portico/kernel";
import type { Target } from "./path.ts";
import type { Route } from "./route.ts";

/** One request on its way through the gateway: what has been decided about it so far. */
export interface Call {
  readonly front: FrontRequest;
  readonly target: Target;
  readonly route: Route;
  readonly at: number;
  readonly startedMs: number;
  caller: Caller;
  decision: LimitDecision | undefined;
  /** The code of the problem that was answered. */
  code: string | null;
  /** The call to the upstream, once there is one. */
  proxied: { abandon(): void } | undefined;
}
