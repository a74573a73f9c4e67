export { contains, notPublic, parseAddress, parseNetwork } from "./address.ts";
export type { Address, Network } from "./address.ts";
export { outboundErrors } from "./errors.ts";
export { createOutbound } from "./outbound.ts";
export type { GuardedOutbound, OutboundOptions } from "./outbound.ts";
export type { Lookup } from "./resolve.ts";
