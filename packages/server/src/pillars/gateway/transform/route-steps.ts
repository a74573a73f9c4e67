import { isProblem } from "portico/kernel";
import type { Problem } from "portico/kernel";
import type { Call, ReplyStage, Step } from "../call.ts";
import { ChangedReply } from "../change-reply.ts";
import { takeLimits } from "../admit.ts";
import type { AdmitParts } from "../admit.ts";
import { askForWhole, askedIn, changeRequest } from "../change-request.ts";
import { raise } from "../errors.ts";
import type { ReplyMessage, RequestMessage } from "../message/index.ts";
import { failCall } from "../refuse.ts";
import type { RefusalParts } from "../refuse.ts";
import { checkHeaders, editHeaders, editQuery } from "./edit-fields.ts";
import { answerCall } from "./answer-call.ts";
import { HookReply } from "./hook-reply.ts";
import type { HookInfo } from "./hooks.ts";
import type { Layer, RouteTransform } from "./route-transform.ts";

interface TransformedRoute {
  readonly transform?: RouteTransform | undefined;
}

/** The step that changes requests; none where there is nothing to change. */
export function transformSteps(
  { transform }: TransformedRoute,
  parts: RefusalParts & AdmitParts,
): readonly Step[] {
  if (transform === undefined || !transform.changesRequest) return [];
  const { layers, readsRequest, readsReply, notJson, bytesMax } = transform;
  return [
    {
      name: "transform",
      run: (call) =>
        changeRequest(call, {
          needsBody: readsRequest,
          bytesMax,
          notJson,
          apply: (message) => {
            if (readsReply) askForWhole(call);
            const answered = inTurn(layers, (layer) => changeUp(layer, { call, message, parts }));
            return answered instanceof Promise
              ? answered.then((found) => answerWith(found, call, parts))
              : answerWith(answered, call, parts);
          },
          broken: (reason) => raise("gateway.hookFailed", { internal: reason }),
        }),
    },
  ];
}

/** The stage that changes replies; none where there is nothing to change. */
export function transformStages(
  { transform }: TransformedRoute,
  parts: RefusalParts,
): readonly ReplyStage[] {
  if (transform === undefined || !transform.changesReply) return [];
  const { readsReply, notJson, bytesMax } = transform;
  const layers = transform.layers.toReversed();
  return [
    {
      name: "transform",
      wrap: (call, next) =>
        new ChangedReply(call, next, {
          wants: () => true,
          needsBody: readsReply,
          bytesMax,
          notJson,
          request: askedIn(call),
          apply: (message) =>
            inTurn<never>(layers, (layer) => changeDown(layer, { call, message, parts })),
          broken: (reason) => raise("gateway.replyHookFailed", { internal: reason }),
          failed: (error) => failCall(parts, call, error),
        }),
    },
  ];
}

/** What a hook has answered with, and which. */
interface HookAnswer {
  readonly reply: HookReply;
  readonly module: string;
}

/** It counts as any other call does, though the upstream hears nothing of it. */
function answerWith(
  answer: HookAnswer | undefined,
  call: Call,
  parts: AdmitParts,
): undefined | "answered" | Promise<"answered"> {
  if (answer === undefined) return undefined;
  const send = (): "answered" => {
    answerCall(call, answer.reply, answer.module);
    return "answered";
  };
  const counted = takeLimits(parts, call);
  return counted instanceof Promise ? counted.then(send) : send();
}

/** One after the other, synchronously as long as nobody needs time; the first that answers something is the last. */
function inTurn<TAnswer>(
  layers: readonly Layer[],
  run: (layer: Layer) => TAnswer | undefined | Promise<TAnswer | undefined>,
): TAnswer | undefined | Promise<TAnswer | undefined> {
  for (const [index, layer] of layers.entries()) {
    const done = run(layer);
    if (done instanceof Promise) {
      return done.then((answer) => answer ?? inTurn(layers.slice(index + 1), run));
    }
    if (done !== undefined) return done;
  }
  return undefined;
}

interface Work<TMessage> {
  readonly call: Call;
  readonly message: TMessage;
  readonly parts: RefusalParts;
}

function changeUp(
  layer: Layer,
  { call, message, parts }: Work<RequestMessage>,
): HookAnswer | undefined | Promise<HookAnswer | undefined> {
  const from = { call, reply: undefined };
  if (layer.requestHeaders !== undefined) editHeaders(layer.requestHeaders, message.headers, from);
  if (layer.replyHeaders !== undefined) checkHeaders(layer.replyHeaders, from);
  if (layer.requestQuery !== undefined) editQuery(layer.requestQuery, message.query, from);
  if (message.body !== undefined) {
    for (const edit of layer.requestBody) message.body = edit(message.body, from);
  }
  const { code } = layer.hooks ?? {};
  if (code?.onRequest === undefined) return undefined;
  const failed = hookFailure(layer, "gateway.hookFailed", { call, parts });
  const module = layer.hooks?.module ?? "";
  const told = (given: unknown): HookAnswer | undefined =>
    given instanceof HookReply ? { reply: given, module } : undefined;
  const done = guarded(() => code.onRequest?.(message, infoOf(call)), {
    call,
    timeoutMs: code.timeoutMs ?? TIMEOUT_MS,
    failed,
  });
  return done instanceof Promise ? done.then(told) : told(done);
}

function changeDown(
  layer: Layer,
  { call, message, parts }: Work<ReplyMessage>,
): undefined | Promise<undefined> {
  const edit = (): undefined => {
    const from = { call, reply: message };
    if (layer.replyHeaders !== undefined) editHeaders(layer.replyHeaders, message.headers, from);
    if (message.body === undefined) return undefined;
    for (const each of layer.replyBody) message.body = each(message.body, from);
    return undefined;
  };
  const { code } = layer.hooks ?? {};
  if (code?.onResponse === undefined) {
    edit();
    return undefined;
  }
  const failed = hookFailure(layer, "gateway.replyHookFailed", { call, parts });
  const done = guarded(() => code.onResponse?.(message, infoOf(call)), {
    call,
    timeoutMs: code.timeoutMs ?? TIMEOUT_MS,
    failed,
  });
  if (done instanceof Promise) return done.then(edit);
  edit();
  return undefined;
}

const TIMEOUT_MS = 1_000;

interface Guard {
  readonly call: Call;
  readonly timeoutMs: number;
  readonly failed: (error: unknown) => Problem;
}

/** Answers what a hook has, which is unknown whatever its type says. */
function guarded(run: () => unknown, { call, timeoutMs, failed }: Guard): unknown {
  let done: unknown;
  try {
    done = run();
  } catch (error) {
    throw failed(error);
  }
  if (!isThenable(done)) return done;
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const cancel = call.route.api.clock.after(timeoutMs, () =>
    reject(failed(`it took longer than ${timeoutMs} ms`)),
  );
  Promise.resolve(done).then(
    (answer) => {
      cancel();
      resolve(answer);
    },
    (error: unknown) => {
      cancel();
      reject(failed(error));
    },
  );
  return promise;
}

function isThenable(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}

function infoOf({ front, caller, route }: Call): HookInfo {
  return {
    requestId: front.requestId,
    caller,
    api: route.api.id,
    route: route.id,
    version: route.version?.id,
  };
}

/** A problem that a hook throws is its answer; anything else is a mistake of its author. */
function hookFailure(
  { hooks }: Layer,
  code: "gateway.hookFailed" | "gateway.replyHookFailed",
  { call, parts }: { readonly call: Call; readonly parts: RefusalParts },
): (error: unknown) => Problem {
  return (error) => {
    if (isProblem(error)) return error;
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const problem = raise(code, { cause: error, internal: `${hooks?.module}: ${reason}` });
    const { requestId } = call.front;
    parts.logger.error(
      { err: error, requestId, detail: problem.options.internal },
      problem.message,
    );
    return problem;
  };
}
