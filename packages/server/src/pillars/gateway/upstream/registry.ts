import type { Upstream, UpstreamCounts } from "./exchange.ts";
import { UpstreamGroup } from "./group.ts";
import type { GroupOptions, GroupParts } from "./group.ts";
import { UpstreamPool } from "./pool.ts";

interface Held {
  readonly key: string;
  readonly upstream: Upstream;
  holders: number;
}

/**
 * The upstreams that are open, by their settings: tables that name the same ones in the same way share connections, health
 * and breakers, so that a swap of tables closes nothing that the next one uses.
 */
export class Upstreams {
  readonly #parts: GroupParts;
  readonly #byKey = new Map<string, Held>();
  readonly #byUpstream = new Map<Upstream, Held>();

  constructor(parts: GroupParts) {
    this.#parts = parts;
  }

  /** Opens an upstream, or answers the one that is open with the same settings. Each needs its own `release`. */
  hold(options: GroupOptions): Upstream {
    const key = JSON.stringify(options);
    const found = this.#byKey.get(key) ?? this.#open(key, options);
    found.holders += 1;
    return found.upstream;
  }

  /** When the last holder lets go, no new table uses it: it is drained. */
  release(upstream: Upstream): void {
    const held = this.#byUpstream.get(upstream);
    if (held === undefined) return;
    held.holders -= 1;
    if (held.holders > 0) return;
    this.#byUpstream.delete(upstream);
    this.#byKey.delete(held.key);
    upstream.drain();
  }

  /** Over all that are held, for gauges. */
  get counts(): UpstreamCounts & { readonly unavailable: number } {
    const sum = { open: 0, free: 0, waiting: 0, unavailable: 0 };
    for (const { upstream } of this.#byKey.values()) {
      const { open, free, waiting } = upstream.counts;
      sum.open += open;
      sum.free += free;
      sum.waiting += waiting;
      if (!(upstream instanceof UpstreamGroup)) continue;
      const { targets, available } = upstream.availability;
      sum.unavailable += targets - available;
    }
    return sum;
  }

  #open(key: string, options: GroupOptions): Held {
    const held: Held = { key, upstream: openUpstream(options, this.#parts), holders: 0 };
    this.#byKey.set(key, held);
    this.#byUpstream.set(held.upstream, held);
    return held;
  }
}

/** One target that nothing watches needs no group: its calls go straight to its connections. */
function openUpstream(options: GroupOptions, parts: GroupParts): Upstream {
  const { targets, active, passive, breaker, retries, connectionsMax, keepAliveMs } = options;
  const [only] = targets;
  const isPlain = [active, passive, breaker, retries].every((each) => each === undefined);
  if (only === undefined || targets.length > 1 || !isPlain)
    return new UpstreamGroup(options, parts);
  const { address } = only;
  return new UpstreamPool({ address, connectionsMax, keepAliveMs, clock: parts.clock });
}
