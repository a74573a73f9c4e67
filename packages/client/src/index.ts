/**
 * The receiver's side of Portico. `verify` takes a request that a webhook has sent and answers its event, or throws a
 * `WebhookError` that says by its `code` why it is not to be trusted.
 */
export { WebhookError, webhookErrors } from "./errors.ts";
export type { WebhookErrorCode } from "./errors.ts";
export { verify } from "./verify.ts";
export type { Delivered, VerifiedEvent, VerifyOptions } from "./verify.ts";
