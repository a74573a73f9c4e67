import { limitTexts, Registry } from "portico/kernel";
import type {
  ExplainedProblem,
  ExplainQuestion,
  Explanation,
  Operation,
  PluginContext,
  RequestDecision,
} from "portico/kernel";

/** What would be decided about a call of one of Portico's own operations; undefined when the path is none of them. */
export function explainOwn(ctx: PluginContext, question: ExplainQuestion): Explanation | undefined {
  const base = `${ctx.server.basePath}/api/v1`;
  const path = pathOf(question.target);
  if (path !== base && !path.startsWith(`${base}/`)) return undefined;
  const { operations } = ctx.get(Registry);
  const fitting = operations
    .map(({ operation }) => operation)
    .filter((operation) => fits(`${base}${operation.path}`, path));
  const found = best(fitting.filter(({ method }) => method === question.method));
  return found === undefined
    ? unmatched(question, fitting)
    : decide(ctx, { question, operation: found, template: `${base}${found.path}` });
}

/** What would be decided about one of Portico's own pages and probes, which ask for no permission. */
export function explainPage(
  ctx: PluginContext,
  question: ExplainQuestion,
): Explanation | undefined {
  const path = pathOf(question.target);
  const template = ctx.server.ownPaths().find((own) => fits(own, path));
  if (template === undefined) return undefined;
  return {
    valid: true,
    route: template,
    api: "portico",
    version: null,
    permissions: [],
    rateLimit: [],
    decisions: [{ step: "route", outcome: "found", facts: { template } }],
    problems: [],
  };
}

function pathOf(target: string): string {
  const mark = target.indexOf("?");
  return mark < 0 ? target : target.slice(0, mark);
}

function fits(template: string, path: string): boolean {
  const wanted = template.split("/");
  const given = path.split("/");
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => {
      const got = given[index] ?? "";
      return part.startsWith("{") ? got !== "" : part === got;
    })
  );
}

/** Where a word and a parameter both fit, the word wins, as it does when requests are routed. */
function best(operations: readonly Operation[]): Operation | undefined {
  const holes = ({ path }: Operation): number => path.split("{").length;
  return operations.toSorted((a, b) => holes(a) - holes(b))[0];
}

function unmatched(question: ExplainQuestion, fitting: readonly Operation[]): Explanation {
  const { method } = question;
  const allowed = fitting.map((operation) => operation.method).join(", ");
  const isKnown = fitting.length > 0;
  const problem: ExplainedProblem = isKnown
    ? {
        code: "request.methodNotAllowed",
        status: 405,
        detail: `${method} is not served there; ${allowed} is.`,
      }
    : { code: "request.notFound", status: 404, detail: "Nothing is served at this path." };
  const facts = isKnown ? { allowed } : {};
  const decision = { step: "route", outcome: isKnown ? "wrongMethod" : "unknown", facts };
  return {
    valid: false,
    route: null,
    api: "portico",
    version: null,
    permissions: [],
    rateLimit: [],
    decisions: [decision],
    problems: [problem],
  };
}

interface Decided {
  readonly question: ExplainQuestion;
  readonly operation: Operation;
  readonly template: string;
}

function decide(ctx: PluginContext, { question, operation, template }: Decided): Explanation {
  const { caller } = question;
  const { access, limits } = operation;
  const problems: ExplainedProblem[] = [];
  const { kind, subject, name = null } = caller;
  const decisions: RequestDecision[] = [
    { step: "route", outcome: "found", facts: { template, operation: operation.id } },
    {
      step: "key",
      outcome: kind === "anonymous" ? "none" : "known",
      facts: { kind, subject, name },
    },
  ];
  const isRefused = kind === "anonymous" && !ctx.access.can(caller, access).allowed;
  if (access !== "public" && isRefused) {
    problems.push({
      code: "access.unauthenticated",
      status: 401,
      detail: "A credential is needed, and none is given.",
    });
  } else if (access !== "public" && access !== "caller") {
    const { allowed, reason } = ctx.access.can(caller, access);
    const facts = { permission: access, reason };
    decisions.push({ step: "permission", outcome: allowed ? "allowed" : "refused", facts });
    if (!allowed) problems.push({ code: "access.forbidden", status: 403, detail: reason });
  }
  const rates = limitTexts([...(caller.limits ?? []), ...limits]);
  if (rates.length > 0) decisions.push({ step: "limit", outcome: "counted", facts: { rates } });
  return {
    valid: problems.length === 0,
    route: template,
    api: "portico",
    version: null,
    permissions: access === "public" || access === "caller" ? [] : [access],
    rateLimit: rates,
    decisions,
    problems,
  };
}
