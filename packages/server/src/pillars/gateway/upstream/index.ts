/**
 * The client that calls upstreams: HTTP/1.1 over our own connections, strict about what comes back.
 * A call is an {@link Exchange}; a pool puts it on a kept connection, whose parser tells it of the reply. A group chooses
 * among several pools, leaves out the ill ones, and carries a failed call to another where that is safe.
 */
export { UpstreamPool } from "./pool.ts";
export { UpstreamGroup } from "./group.ts";
export type { UpstreamAddress } from "./connection.ts";
export type {
  Attempt,
  Exchange,
  Failure,
  FailureKind,
  ReplyHead,
  RequestLink,
  Upstream,
  UpstreamCounts,
  UpstreamTimeouts,
} from "./exchange.ts";
