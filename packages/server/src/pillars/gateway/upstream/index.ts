/**
 * The client that calls upstreams: HTTP/1.1 over our own connections, strict about what comes back.
 * A call is an {@link Exchange}; a pool puts it on a kept connection, whose parser tells it of the reply.
 */
export { UpstreamPool } from "./pool.ts";
export type { UpstreamOptions } from "./pool.ts";
export type { UpstreamAddress, UpstreamTimeouts } from "./connection.ts";
export type { Exchange, Failure, FailureKind, ReplyHead, RequestLink } from "./exchange.ts";
