export { memberAt, readMessage, textAt } from "./message.ts";
export type { Message } from "./message.ts";
export { reasons } from "./reasons.ts";
export type { Reason } from "./reasons.ts";
export { readSecret } from "./secret.ts";
export type { VerificationKey } from "./secret.ts";
export { verify } from "./verify.ts";
