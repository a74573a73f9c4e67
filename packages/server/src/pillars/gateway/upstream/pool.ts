import type { Clock } from "portico/kernel";
import { UpstreamConnection } from "./connection.ts";
import type { ConnectionOwner, UpstreamAddress } from "./connection.ts";
import type { Exchange, Upstream, UpstreamCounts } from "./exchange.ts";

/** How one upstream is called. */
export interface PoolOptions {
  readonly address: UpstreamAddress;
  /** Connections at the same time; calls beyond wait in line for their `connectMs`. */
  readonly connectionsMax: number;
  /** A quiet connection is closed after this; less than the upstream's own limit, else calls meet a closing socket. */
  readonly keepAliveMs: number;
  readonly clock: Clock;
}

interface Waiting {
  readonly exchange: Exchange;
  readonly since: number;
}

const SWEEP_MS = 100;
const WAITING_MAX = 1_024;

/** The connections to one address: kept alive, newest used first, swept for time limits. */
export class UpstreamPool implements Upstream, ConnectionOwner {
  readonly address: UpstreamAddress;
  readonly monotonic: () => number;
  readonly #options: PoolOptions;
  readonly #all = new Set<UpstreamConnection>();
  readonly #free: UpstreamConnection[] = [];
  /** Tunnels of another protocol. They last for hours: counted with the rest they would leave no room for calls. */
  readonly #switched = new Set<UpstreamConnection>();
  #waiting: Waiting[] = [];
  #cancelSweep: (() => void) | undefined;
  #isDraining = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.address = options.address;
    this.monotonic = options.clock.monotonic;
  }

  get counts(): UpstreamCounts {
    return {
      open: this.#all.size + this.#switched.size,
      free: this.#free.length,
      waiting: this.#waiting.length,
    };
  }

  /** Sends a call: on the connection used last, a new one, or later when there are too many. */
  send(exchange: Exchange): void {
    const connection = this.#free.pop();
    if (connection !== undefined) {
      connection.carry(exchange, true);
    } else if (this.#all.size < this.#options.connectionsMax) {
      this.#connect().carry(exchange, false);
    } else if (this.#waiting.length < WAITING_MAX) {
      this.#waiting.push({ exchange, since: this.monotonic() });
    } else {
      exchange.failed({ kind: "busy", detail: "all connections are in use and the line is full" });
    }
  }

  /** Takes a call out of the line, or off a connection that does not stand yet. */
  forget(exchange: Exchange): void {
    const before = this.#waiting.length;
    this.#waiting = this.#waiting.filter((each) => each.exchange !== exchange);
    if (this.#waiting.length < before) return;
    for (const connection of this.#all) {
      if (connection.exchange === exchange) connection.abort();
    }
  }

  free(connection: UpstreamConnection): void {
    const next = this.#waiting.shift();
    if (next !== undefined) connection.carry(next.exchange, true);
    else if (this.#isDraining) connection.close();
    else this.#free.push(connection);
  }

  gone(connection: UpstreamConnection): void {
    if (this.#switched.delete(connection) || !this.#all.delete(connection)) return;
    const index = this.#free.lastIndexOf(connection);
    if (index >= 0) this.#free.splice(index, 1);
    this.#serveNext();
  }

  switched(connection: UpstreamConnection): void {
    this.#all.delete(connection);
    this.#switched.add(connection);
    this.#serveNext();
  }

  #serveNext(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) this.#connect().carry(next.exchange, false);
  }

  repeat(exchange: Exchange): void {
    this.#connect().carry(exchange, false);
  }

  /** Closes what is quiet now and what is busy when its call ends. Calls that wait are served. */
  drain(): void {
    this.#isDraining = true;
    for (const connection of this.#free.splice(0)) connection.close();
  }

  #connect(): UpstreamConnection {
    const connection = new UpstreamConnection(this);
    this.#all.add(connection);
    if (this.#cancelSweep === undefined) this.#sweepLater();
    return connection;
  }

  #sweepLater(): void {
    this.#cancelSweep = this.#options.clock.after(SWEEP_MS, () => {
      this.#cancelSweep = undefined;
      this.#sweep(this.monotonic());
      const inUse = this.#all.size + this.#switched.size + this.#waiting.length;
      if (inUse > 0) this.#sweepLater();
    });
  }

  #sweep(now: number): void {
    const { keepAliveMs } = this.#options;
    for (const connection of this.#all) connection.checkTime(now);
    for (const connection of this.#switched) connection.checkTime(now);
    for (const connection of this.#free.filter(
      (each) => now - each.movedAt >= quietMax(each, keepAliveMs),
    )) {
      connection.close();
      this.gone(connection);
    }
    this.#dismissLate(now);
  }

  #dismissLate(now: number): void {
    if (this.#waiting.length === 0) return;
    const isLate = ({ exchange, since }: Waiting): boolean =>
      now - since >= exchange.timeouts.connectMs;
    const late = this.#waiting.filter(isLate);
    this.#waiting = this.#waiting.filter((each) => !isLate(each));
    for (const { exchange } of late) {
      exchange.failed({ kind: "busy", detail: "no connection became free in time" });
    }
  }
}

/** A second less than the upstream promises, so that we are the ones who close. */
function quietMax(connection: UpstreamConnection, keepAliveMs: number): number {
  const promised = connection.keepAliveMs;
  return promised === 0 ? keepAliveMs : Math.min(keepAliveMs, Math.max(promised - 1_000, 0));
}
