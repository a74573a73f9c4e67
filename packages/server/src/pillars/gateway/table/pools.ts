import { UpstreamPool } from "../upstream/index.ts";
import type { UpstreamOptions } from "../upstream/index.ts";

/** Pools of one table while it is built: those that are there already, and new ones. */
export interface PoolLease {
  /** The pool that is called in just this way; made when there is none. */
  take(options: UpstreamOptions): UpstreamPool;
}

/**
 * The pools of all upstreams. What a new table uses of the old one goes on with its open connections; what it does not
 * use any more is closed when the last of its calls has ended.
 */
export class PoolShelf {
  #pools = new Map<string, UpstreamPool>();

  /** The pools in use. */
  all(): readonly UpstreamPool[] {
    return [...this.#pools.values()];
  }

  /** Begins a table. `keep` puts its pools in force, `drop` forgets what was made for it. */
  begin(): PoolLease & { keep(): void; drop(): void } {
    const before = this.#pools;
    const taken = new Map<string, UpstreamPool>();
    return {
      take: (options) => {
        const { clock, ...called } = options;
        const key = JSON.stringify(called);
        const pool = taken.get(key) ?? before.get(key) ?? new UpstreamPool({ ...called, clock });
        taken.set(key, pool);
        return pool;
      },
      keep: () => {
        const old = this.#pools;
        this.#pools = taken;
        for (const [key, pool] of old) if (taken.get(key) !== pool) pool.close();
      },
      drop: () => {
        for (const [key, pool] of taken) if (this.#pools.get(key) !== pool) pool.close();
      },
    };
  }

  /** Closes all of them, each when its last call has ended. */
  close(): void {
    for (const pool of this.#pools.values()) pool.close();
    this.#pools = new Map();
  }
}
