import type { Caller } from "portico/kernel";
import type { ReplyMessage, RequestMessage } from "../message/index.ts";
import type { HookReply } from "./hook-reply.ts";

/** What a request hook comes to: nothing, and the call goes on; or `reply(…)`, and it is answered. */
export type HookResult = void | undefined | HookReply;

/** What a hook is told besides the message. */
export interface HookInfo {
  readonly requestId: string;
  readonly caller: Caller;
  /** Id of the fronted API. */
  readonly api: string;
  /** Id of the route. */
  readonly route: string;
  /** The caller's version; undefined where the API has none. */
  readonly version: string | undefined;
}

/**
 * The operator's own code on the way of a call: the escape hatch for what transforms cannot say. It changes the message in
 * place, at once or with a promise. To answer a call itself, a request hook returns `reply(status, headers, body)`; to refuse one it throws a problem (`raiser` of `portico/kernel`); anything else that it
 * throws, and taking longer than `timeoutMs`, is answered as `gateway.hookFailed` or `gateway.replyHookFailed`.
 *
 * @example
 * export default defineHooks({
 *   reads: ["response"],
 *   onRequest: (message, { caller }) => message.headers.set("X-Tenant", caller.organization),
 *   onResponse(message) {
 *     message.body = { data: message.body };
 *   },
 * });
 */
export interface Hooks {
  /** Which JSON bodies it looks into; only these are held back. None when left out. */
  readonly reads?: readonly ("request" | "response")[];
  /** For hooks that answer a promise; 1,000 when left out. Code that never yields cannot be interrupted. */
  readonly timeoutMs?: number;
  onRequest?(message: RequestMessage, info: HookInfo): HookResult | Promise<HookResult>;
  onResponse?(message: ReplyMessage, info: HookInfo): void | Promise<void>;
}

/** Gives hooks their type; nothing happens yet. See {@link Hooks} for an example. */
export function defineHooks(hooks: Hooks): Hooks {
  return hooks;
}

/** What stands where hooks are expected, or why they are none. */
export function asHooks(value: unknown): Hooks | string {
  if (typeof value !== "object" || value === null) return "it is no object";
  const { reads, timeoutMs, onRequest, onResponse } = value as Partial<Record<string, unknown>>;
  for (const [name, given] of Object.entries({ onRequest, onResponse })) {
    if (given !== undefined && typeof given !== "function") return `its ${name} is no function`;
  }
  if (onRequest === undefined && onResponse === undefined) {
    return "it has neither onRequest nor onResponse";
  }
  const isReads =
    reads === undefined ||
    (Array.isArray(reads) && reads.every((each) => each === "request" || each === "response"));
  if (!isReads) return "its `reads` is no list of 'request' and 'response'";
  const isTime = timeoutMs === undefined || (typeof timeoutMs === "number" && timeoutMs > 0);
  return isTime ? value : "its timeoutMs is no positive number";
}
