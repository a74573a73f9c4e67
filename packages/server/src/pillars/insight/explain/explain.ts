import { Explainers } from "portico/kernel";
import type { Explanation, PluginContext } from "portico/kernel";
import { raise } from "../errors.ts";
import { senderOf } from "./caller.ts";
import { explainOwn, explainPage } from "./own.ts";

/** A request on paper. */
export interface PaperRequest {
  readonly organization: string;
  readonly method: string;
  /** Path with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly keyId?: string | undefined;
}

/**
 * What would be decided about a request now: nothing is counted, stored or sent. Throws `insight.badTarget`,
 * `insight.keyNotFound`.
 */
export async function explainRequest(
  ctx: PluginContext,
  request: PaperRequest,
): Promise<Explanation> {
  const { organization, method, path, headers = {}, keyId } = request;
  refuseBadTarget(path);
  const pairs = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  const lower = Object.fromEntries(pairs) as Record<string, string>;
  const sender = await senderOf(ctx, organization, { keyId, headers: lower });
  const question = {
    method: method.toUpperCase(),
    target: path,
    headers: lower,
    caller: sender.caller,
  };
  const explained =
    explainOwn(ctx, question) ??
    (await askOthers(ctx, question)) ??
    explainPage(ctx, question) ??
    nobodys();
  return sender.refusal === null ? explained : refusedKey(explained, sender.refusal);
}

async function askOthers(
  ctx: PluginContext,
  question: Parameters<typeof explainOwn>[1],
): Promise<Explanation | undefined> {
  for (const { value, ctx: own } of ctx.contributions(Explainers)) {
    const explained = await value.explain(question, own);
    if (explained !== undefined) return explained;
  }
  return undefined;
}

function refuseBadTarget(path: string): void {
  const reason = path.startsWith("/") ? undefined : "it does not begin with a slash";
  if (reason !== undefined) throw raise("insight.badTarget", { params: { path, reason } });
}

function nobodys(): Explanation {
  return {
    valid: false,
    route: null,
    api: null,
    version: null,
    permissions: [],
    rateLimit: [],
    decisions: [{ step: "route", outcome: "unknown", facts: {} }],
    problems: [
      { code: "request.notFound", status: 404, detail: "Nothing is served at this path." },
    ],
  };
}

/** The credential comes before everything but the route. */
function refusedKey(explained: Explanation, code: string): Explanation {
  const detail = "The key opens nothing any more: it is revoked, expired or switched off.";
  return {
    ...explained,
    valid: false,
    problems: [{ code, status: 401, detail }, ...explained.problems],
  };
}
