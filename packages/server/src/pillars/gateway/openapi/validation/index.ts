/**
 * Checks of requests and replies against a document. Rules are read from an operation when the table is built
 * (`request-check.ts`, `reply-check.ts`); validators are compiled when a request first needs them (`validators.ts`).
 */
export { checkBody } from "./body.ts";
export type { BodyEntry } from "./body.ts";
export { openDocument, replyChecking, requestChecking } from "./checks.ts";
export type { CheckedRoute, OpenedDocument, ReplyChecking, RequestChecking } from "./checks.ts";
export { decode } from "./decode.ts";
export { entryFor, kindOfType, readMediaType } from "./media-types.ts";
export type { MediaType } from "./media-types.ts";
export { checkReply, lookAtReply } from "./reply-check.ts";
export { checkHead } from "./request-check.ts";
export type { BodyRules } from "./request-check.ts";
