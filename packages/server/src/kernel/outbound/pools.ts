import { getCACertificates } from "node:tls";
import type * as undiciModule from "undici";
import type { Pool } from "undici";
import type { Destination } from "./destination.ts";

type Undici = typeof undiciModule;

/** Bounds of the connections that are kept. */
export interface PoolBounds {
  /** Connections to one origin at one address; further requests wait for one of them. */
  readonly connectionsMax: number;
  /** Pairs of origin and address that are kept; the least recently used goes first. */
  readonly poolsMax: number;
  readonly connectTimeoutMs: number;
  /** Certificates (PEM) trusted beside the system's. */
  readonly trust: string | undefined;
}

/** Keeps connections open per origin and address: a connection is only reused while the name still leads to it. */
export class Pools {
  readonly #bounds: PoolBounds;
  readonly #pools = new Map<string, Pool>();
  readonly #closing = new Set<Promise<void>>();
  readonly #connectFailures = new WeakSet<object>();
  #undici: Promise<Undici> | undefined;

  constructor(bounds: PoolBounds) {
    this.#bounds = bounds;
  }

  /** The pool for a checked address of a destination. */
  async get(destination: Destination, address: string): Promise<Pool> {
    // On first use: a hundred modules and 20 MB that a server which calls nobody does without.
    this.#undici ??= import("undici");
    const undici = await this.#undici;
    const key = `${destination.origin} ${address}`;
    const known = this.#pools.get(key);
    if (known === undefined) this.#makeRoom();
    else this.#pools.delete(key);
    const pool = known ?? this.#open(undici, destination, address);
    this.#pools.set(key, pool);
    return pool;
  }

  /** True when the error came before a connection stood, so that nothing of the request can have been sent. */
  isConnectFailure(error: unknown): boolean {
    return typeof error === "object" && error !== null && this.#connectFailures.has(error);
  }

  /** Ends every connection; requests under way fail. */
  async close(): Promise<void> {
    const all = [...this.#pools.values()].map((pool) => pool.destroy());
    this.#pools.clear();
    await Promise.all([...all, ...this.#closing]);
  }

  #makeRoom(): void {
    for (const [key, pool] of this.#pools) {
      if (this.#pools.size < this.#bounds.poolsMax) return;
      this.#pools.delete(key);
      const closed = pool.close().finally(() => this.#closing.delete(closed));
      this.#closing.add(closed);
    }
  }

  #open({ buildConnector, Pool }: Undici, destination: Destination, address: string): Pool {
    const { connectionsMax, connectTimeoutMs, trust } = this.#bounds;
    const connect = buildConnector({
      timeout: connectTimeoutMs,
      allowH2: false,
      ...(trust === undefined ? {} : { ca: [...getCACertificates("default"), trust] }),
    });
    const { serverName } = destination;
    return new Pool(destination.origin, {
      connections: connectionsMax,
      allowH2: false,
      pipelining: 1,
      // One time limit covers the whole exchange; undici's own would only blur it.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (options, callback) => {
        const target = { ...options, hostname: address };
        if (options.protocol === "https:" && serverName !== "") target.servername = serverName;
        connect(target, (...result) => {
          const [error] = result;
          if (error !== null) this.#connectFailures.add(error);
          callback(...result);
        });
      },
    });
  }
}
