import type { Buffer } from "node:buffer";
import type { PluginContext } from "portico/kernel";
import type { Call } from "./call.ts";
import { dataOf, wordOf } from "./emit-rule.ts";
import type { CallDocument, EmitRule } from "./emit-rule.ts";
import type { HeldReply } from "./hold-for-events.ts";
import { paramsOf } from "./params.ts";

/**
 * Stores the events that a successful call makes, in one append. It settles when they are durable: only then may the
 * caller learn of the success (design §2.1).
 */
export async function storeEvents(
  ctx: Pick<PluginContext, "store">,
  call: Call,
  reply: { readonly held: HeldReply; readonly requestBody: Buffer | undefined },
): Promise<void> {
  const { caller, front, route } = call;
  const { head, body } = reply.held;
  const rules = route.emits.filter(({ status }) => status === undefined || status === head.status);
  const document = documentOf(call, reply);
  const origin = { cause: front.requestId, trace: front.trace, actor: caller.subject };
  await ctx.store.append({ scope: { organization: caller.organization }, origin }, (batch) => {
    for (const rule of rules) {
      const subject = wordOf(document, rule.subject);
      const key = wordOf(document, rule.key);
      batch.emit(rule.type, eventData(rule, document, body), {
        ...(subject === undefined ? {} : { subject }),
        ...(key === undefined ? {} : { key }),
      });
    }
  });
}

/** The whole body of a JSON reply is stored as its exact bytes: parsing would lose `1.0` and large numbers. */
function eventData(rule: EmitRule, document: CallDocument, body: Buffer): unknown {
  if (rule.isWholeBody && document.response.body !== undefined) return body;
  return dataOf(rule, document);
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
