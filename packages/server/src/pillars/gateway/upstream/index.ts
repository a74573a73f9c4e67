/**
 * The client that calls upstreams: HTTP/1.1 over our own connections, strict about what comes back.
 * A call is an {@link Exchange}; a pool puts it on a kept connection, whose parser tells it of the reply. A group chooses
 * among several pools, leaves out the ill ones, and carries a failed call to another where that is safe.
 */
export { isNetwork } from "./allowed.ts";
export { CallTimer } from "./call-timer.ts";
export { observeGroups } from "./observe-groups.ts";
export { readTimeouts, readUpstream } from "./read-upstream.ts";
export type { ReadUpstream } from "./read-upstream.ts";
export { Upstreams } from "./registry.ts";
export { NamedUpstreamSettings, TimeoutSettings, UpstreamSettings } from "./settings.ts";
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
