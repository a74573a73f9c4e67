import type { Call, ReplyStage, Step } from "../call.ts";
import { failCall } from "../refuse.ts";
import type { RefusalParts } from "../refuse.ts";
import { isProblem } from "portico/kernel";
import type { VersionCounter } from "./callers.ts";
import { pathInVersion } from "./choose.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { RouteVersion } from "./route-version.ts";
import { descendVersions, tellVersion } from "./stages.ts";
import { climbVersions, countCaller, endOfLife } from "./steps.ts";
import type { FailureLog } from "./steps.ts";

/** What of a route this room looks at. */
export interface VersionedRoute {
  readonly version?: RouteVersion | undefined;
  readonly lifecycle?: Lifecycle | undefined;
  readonly counter?: VersionCounter | undefined;
}

/** Who calls, and whether it is still there. */
export function lifecycleSteps({ version, lifecycle, counter }: VersionedRoute): readonly Step[] {
  const steps: Step[] = [];
  if (counter !== undefined) steps.push(countCaller(counter));
  const ends = lifecycle?.sunsetMs !== undefined || (lifecycle?.brownouts.length ?? 0) > 0;
  if (lifecycle !== undefined && ends) {
    steps.push(endOfLife(lifecycle, successorFinder(version, lifecycle)));
  }
  return steps;
}

/** From the caller's version to the forwarded one. */
export function versionSteps({ version }: VersionedRoute, parts: RefusalParts): readonly Step[] {
  const chain = version?.chain;
  return version === undefined || chain === undefined
    ? []
    : [climbVersions(version, chain, failureLog(parts))];
}

/** From the forwarded version to the caller's. */
export function versionStages(
  { version }: VersionedRoute,
  parts: RefusalParts,
): readonly ReplyStage[] {
  if (version?.chain?.changesReplies !== true) return [];
  const failed = (call: Call, error: unknown): void => failCall(parts, call, error);
  return [descendVersions(version, { ...parts, failed }, failureLog(parts))];
}

/** What replies say of their version and its end. */
export function fieldStages({ version, lifecycle }: VersionedRoute): readonly ReplyStage[] {
  return version === undefined && lifecycle === undefined
    ? []
    : [tellVersion(version, lifecycle, successorFinder(version, lifecycle))];
}

/** The address of what comes after; undefined where there is none to name. */
function successorFinder(
  version: RouteVersion | undefined,
  lifecycle: Lifecycle | undefined,
): (call: Call) => string | undefined {
  const successor = lifecycle?.successor;
  if (successor === undefined || successor.includes("/")) return () => successor;
  const path = version?.of.path;
  if (path === undefined) return () => undefined;
  return (call) => pathInVersion(call.target.path, successor, path);
}

function failureLog({ logger }: RefusalParts): FailureLog {
  return (call, run) => {
    try {
      return run();
    } catch (error) {
      if (isProblem(error)) {
        const { requestId } = call.front;
        logger.error({ err: error, requestId, detail: error.options.internal }, error.message);
      }
      throw error;
    }
  };
}
