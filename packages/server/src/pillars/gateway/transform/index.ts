/**
 * Transform: requests and replies changed on their way.
 *
 * Nouns: transform (declared changes of header fields, query and JSON body), value template (a text with parts of the
 * call), hooks (the operator's own code), layer (what an API says, and what its route says).
 * Everything is read when the table is built (`route-transform.ts`); a route without a layer has no step and no stage.
 */
export { HookReply, reply } from "./hook-reply.ts";
export type { HookReplyHeaders } from "./hook-reply.ts";
export { defineHooks } from "./hooks.ts";
export type { HookInfo, HookResult, Hooks } from "./hooks.ts";
export { transformStages, transformSteps } from "./route-steps.ts";
