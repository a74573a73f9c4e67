/**
 * Gateway: the application behind Portico, as callers meet it.
 *
 * Nouns: API (what is fronted: a base path or host, an upstream), route (one path of it with its rules), upstream.
 * One request: the dispatcher offers it (`front.ts`) → its path is read in one form (`path.ts`) and found in the compiled
 * table (`router.ts`) → caller, permission, limit (`admit.ts`) → the head is written anew (`request-head.ts`,
 * `forward.ts`) → the body streams both ways over our own client (`proxy-call.ts`, `upstream/`).
 * A route with `emits` holds a successful reply until its event is stored (`store-events.ts`): accepted means stored.
 * The upstream learns who calls from a signed header (`identity.ts`), whose keys are at /.well-known/jwks.json.
 * It owns no table and needs nobody; keys and limits reach it through the kernel's access and `kernel.limiters@1`.
 */
export type { GatewayFace, NewRoute } from "./capability.ts";
export { gateway } from "./plugin.ts";
export type { RouteView } from "./route-view.ts";
export type { GatewaySettings } from "./settings.ts";
export type {
  MessageHeaders,
  MessageQuery,
  ReplyMessage,
  RequestMessage,
} from "./message/index.ts";
export { defineHooks, reply } from "./transform/index.ts";
export type {
  HookInfo,
  HookReply,
  HookReplyHeaders,
  HookResult,
  Hooks,
} from "./transform/index.ts";
export { defineVersionChange } from "./versions/index.ts";
export type { ChangedCalls, VersionChange } from "./versions/index.ts";
