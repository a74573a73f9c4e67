export { outboundErrors } from "./errors.ts";
export { createOutbound } from "./outbound.ts";
export type { GuardedOutbound, OutboundOptions } from "./outbound.ts";
export type { Lookup } from "./resolve.ts";
