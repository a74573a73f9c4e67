import type { Buffer } from "node:buffer";
import { EventJudges } from "portico/kernel";
import type { PluginContext, ProblemPlace } from "portico/kernel";
import type { Call } from "./call.ts";
import { dataOf, wordOf } from "./emit-rule.ts";
import type { CallDocument, EmitRule } from "./emit-rule.ts";
import type { HeldReply } from "./hold-for-events.ts";
import { paramsOf } from "./params.ts";

type Parts = Pick<PluginContext, "store" | "contributions" | "logger">;

/** An event that is about to be stored. */
interface Draft {
  readonly type: string;
  /** What is stored: a value, or the very bytes of the reply. */
  readonly data: unknown;
  readonly options: { readonly subject?: string; readonly key?: string };
  readonly places: readonly ProblemPlace[];
}

/**
 * Stores the events that a successful call makes, in one append. It settles when they are durable: only then may the
 * caller learn of the success (design §2.1). Data that does not fit its type is stored as well, since the application has
 * acted; what does not fit is told by `gateway.event_unfit`, in the same append.
 */
export async function storeEvents(
  ctx: Parts,
  call: Call,
  reply: { readonly held: HeldReply; readonly requestBody: Buffer | undefined },
): Promise<void> {
  const { caller, front, route } = call;
  const { head } = reply.held;
  const { organization } = caller;
  const rules = route.emits.filter(({ status }) => status === undefined || status === head.status);
  const document = documentOf(call, reply);
  const draft = (rule: EmitRule): Promise<Draft> =>
    draftOf(rule, document, { ctx, organization, body: reply.held.body });
  const drafts = await Promise.all(rules.map(draft));
  const origin = { cause: front.requestId, trace: front.trace, actor: caller.subject };
  await ctx.store.append({ scope: { organization }, origin }, (batch) => {
    for (const { type, data, options, places } of drafts) {
      const event = batch.emit(type, data, options);
      if (places.length === 0) continue;
      const unfit = {
        event,
        type,
        places: places.map(({ pointer, detail }) => ({ pointer, detail })),
      };
      batch.emit("gateway.event_unfit", unfit, {
        subject: event,
        origin: { ...origin, cause: event },
      });
    }
  });
}

async function draftOf(
  rule: EmitRule,
  document: CallDocument,
  { ctx, organization, body }: { ctx: Parts; organization: string; body: Buffer },
): Promise<Draft> {
  const subject = wordOf(document, rule.subject);
  const key = wordOf(document, rule.key);
  const value = dataOf(rule, document);
  // The whole body of a JSON reply is stored as its exact bytes: parsing would lose `1.0` and large numbers.
  const isExact = rule.isWholeBody && document.response.body !== undefined;
  return {
    type: rule.type,
    data: isExact ? body : value,
    options: {
      ...(subject === undefined ? {} : { subject }),
      ...(key === undefined ? {} : { key }),
    },
    places: await unfitPlaces(ctx, { organization, type: rule.type, data: value }),
  };
}

async function unfitPlaces(
  ctx: Parts,
  event: { readonly organization: string; readonly type: string; readonly data: unknown },
): Promise<readonly ProblemPlace[]> {
  const judges = ctx.contributions(EventJudges);
  try {
    const found = await Promise.all(judges.map(({ value, ctx: own }) => value.judge(event, own)));
    return found.flat();
  } catch (error) {
    // A judgement that fails must not lose what happened.
    ctx.logger.warn({ err: error, type: event.type }, "an event was stored without being judged");
    return [];
  }
}

function documentOf(
  { front, target, route }: Call,
  { held, requestBody }: { readonly held: HeldReply; readonly requestBody: Buffer | undefined },
): CallDocument {
  return {
    request: {
      method: front.request.method ?? "GET",
      path: target.path,
      params: paramsOf(route.template, target.path),
      query: Object.fromEntries(new URLSearchParams(target.query)),
      body: requestBody === undefined ? undefined : parseJson(requestBody),
    },
    response: { status: held.head.status, body: parseJson(held.body) },
  };
}

/** Undefined for what is not JSON in UTF-8. */
function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    // Not JSON: pointers into it lead nowhere.
    return undefined;
  }
}
