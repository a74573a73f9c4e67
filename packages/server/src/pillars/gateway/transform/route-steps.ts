import { isProblem } from "portico/kernel";
import type { Problem } from "portico/kernel";
import type { Call, ReplyStage, Step } from "../call.ts";
import { ChangedReply } from "../change-reply.ts";
import { askForWhole, askedIn, changeRequest } from "../change-request.ts";
import { raise } from "../errors.ts";
import type { ReplyMessage, RequestMessage } from "../message/index.ts";
import { failCall } from "../refuse.ts";
import type { RefusalParts } from "../refuse.ts";
import { checkHeaders, editHeaders, editQuery } from "./edit-fields.ts";
import type { HookInfo } from "./hooks.ts";
import type { Layer, RouteTransform } from "./route-transform.ts";

interface TransformedRoute {
  readonly transform?: RouteTransform | undefined;
}

/** The step that changes requests; none where there is nothing to change. */
export function transformSteps(
  { transform }: TransformedRoute,
  parts: RefusalParts,
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
            return inTurn(layers, (layer) => changeUp(layer, { call, message, parts }));
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
            inTurn(layers, (layer) => changeDown(layer, { call, message, parts })),
          broken: (reason) => raise("gateway.replyHookFailed", { internal: reason }),
          failed: (error) => failCall(parts, call, error),
        }),
    },
  ];
}

/** One after the other, synchronously as long as nobody needs time. */
function inTurn(
  layers: readonly Layer[],
  run: (layer: Layer) => void | Promise<void>,
): void | Promise<void> {
  for (const [index, layer] of layers.entries()) {
    const done = run(layer);
    if (done instanceof Promise) return done.then(() => inTurn(layers.slice(index + 1), run));
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
): void | Promise<void> {
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
  return guarded(() => code.onRequest?.(message, infoOf(call)), {
    call,
    timeoutMs: code.timeoutMs ?? TIMEOUT_MS,
    failed,
  });
}

function changeDown(
  layer: Layer,
  { call, message, parts }: Work<ReplyMessage>,
): void | Promise<void> {
  const edit = (): void => {
    const from = { call, reply: message };
    if (layer.replyHeaders !== undefined) editHeaders(layer.replyHeaders, message.headers, from);
    if (message.body === undefined) return;
    for (const each of layer.replyBody) message.body = each(message.body, from);
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

function guarded(
  run: () => void | Promise<void>,
  { call, timeoutMs, failed }: Guard,
): void | Promise<void> {
  let done: void | Promise<void>;
  try {
    done = run();
  } catch (error) {
    throw failed(error);
  }
  if (!isThenable(done)) return undefined;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const cancel = call.route.api.clock.after(timeoutMs, () =>
    reject(failed(`it took longer than ${timeoutMs} ms`)),
  );
  Promise.resolve(done).then(
    () => {
      cancel();
      resolve();
    },
    (error: unknown) => {
      cancel();
      reject(failed(error));
    },
  );
  return promise;
}

function isThenable(value: unknown): value is Promise<void> {
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
