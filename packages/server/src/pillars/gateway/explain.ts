import { isProblem, limitTexts } from "portico/kernel";
import type {
  ExplainedProblem,
  Explainer,
  ExplainQuestion,
  Explanation,
  Problem,
  RequestDecision,
} from "portico/kernel";
import { authorise } from "./admit.ts";
import type { Match, Route } from "./call.ts";
import { raise } from "./errors.ts";

import type { GatewayParts } from "./front.ts";
import { readTarget } from "./path.ts";
import { refusalOf } from "./refuse.ts";
import { endedAt } from "./versions/index.ts";

/** Decides on paper with the very table and rules that serve: nothing is counted, and no upstream is asked. */
export function gatewayExplainer(parts: () => GatewayParts | undefined): Explainer {
  return {
    id: "gateway",
    explain: (question) => {
      const running = parts();
      const explained = running === undefined ? undefined : explain(running, question);
      return Promise.resolve(explained);
    },
  };
}

function explain(parts: GatewayParts, question: ExplainQuestion): Explanation | undefined {
  const { method, headers } = question;
  const target = readTarget(question.target);
  if (typeof target === "string") {
    return refused(raise("gateway.pathAmbiguous", { params: { reason: target } }));
  }
  const found = parts.router().find(method, headers["host"], target.path);
  if (found === undefined) return undefined;
  const match = behindEntry(found, question, target.path);
  if ("code" in match) return refused(match);
  if (match.kind !== "route") return refused(refusalOf(match, method));
  return decide(parts, question, match.route);
}

/** The route of its version, where the API has versions; or why there is none. */
function behindEntry(found: Match, question: ExplainQuestion, path: string): Match | Problem {
  if (found.kind !== "route" || found.route.enter === undefined) return found;
  const { method, headers, caller } = question;
  const { api } = found.route;
  try {
    const match = found.route.enter({ method, headers, path, pins: caller.pins });
    return match ?? raise("gateway.routeUnknown", { params: { api: api.id } });
  } catch (error) {
    if (isProblem(error)) return error;
    throw error;
  }
}

function refused(problem: Problem): Explanation {
  return {
    valid: false,
    route: null,
    api: null,
    version: null,
    permissions: [],
    rateLimit: [],
    decisions: [{ step: "route", outcome: "refused", facts: { code: problem.code } }],
    problems: [told(problem)],
  };
}

function told({ code, status, message }: Problem): ExplainedProblem {
  return { code, status, detail: message };
}

function decide(parts: GatewayParts, { caller }: ExplainQuestion, route: Route): Explanation {
  const { kind, subject, name = null } = caller;
  const problem = refusalFor(parts, caller, route);
  const rates = limitTexts([...(caller.limits ?? []), ...route.place.limits]);
  const decisions: RequestDecision[] = [
    {
      step: "route",
      outcome: "found",
      facts: { id: route.id, template: route.template, api: route.api.id },
    },
    {
      step: "key",
      outcome: kind === "anonymous" ? "none" : "known",
      facts: { wanted: route.auth, kind, subject, name },
    },
  ];
  if (route.permissions.length > 0) {
    const outcome = problem === undefined ? "allowed" : "refused";
    decisions.push({ step: "permission", outcome, facts: { permissions: route.permissions } });
  }
  if (rates.length > 0) decisions.push({ step: "limit", outcome: "counted", facts: { rates } });
  const modules = (route.transform?.layers ?? []).flatMap(({ hooks }) =>
    hooks?.code.onRequest === undefined ? [] : [hooks.module],
  );
  // What code answers is only known when it is asked.
  if (modules.length > 0) {
    decisions.push({ step: "hook", outcome: "may answer", facts: { modules } });
  }
  decisions.push({ step: "steps", outcome: "taken", facts: { steps: namesOf(route) } });
  return {
    valid: problem === undefined,
    route: route.template,
    api: route.api.id,
    version: route.version?.id ?? null,
    permissions: route.permissions,
    rateLimit: rates,
    decisions,
    problems: problem === undefined ? [] : [told(problem)],
  };
}

function namesOf({ steps }: Route): readonly string[] {
  return steps.map(({ name }) => name);
}

function refusalFor(
  parts: GatewayParts,
  caller: ExplainQuestion["caller"],
  route: Route,
): Problem | undefined {
  try {
    authorise(parts, caller, route);
    const { lifecycle } = route;
    if (lifecycle === undefined) return undefined;
    return endedAt(lifecycle, parts.clock.now(), () => lifecycle.successor);
  } catch (error) {
    if (isProblem(error)) return error;
    throw error;
  }
}
