import type { Clock } from "portico/kernel";
import { UpstreamConnection } from "./connection.ts";
import type { ConnectionOwner, UpstreamAddress, UpstreamTimeouts } from "./connection.ts";
import type { Exchange } from "./exchange.ts";

/** How one upstream is called. */
export interface UpstreamOptions {
  readonly address: UpstreamAddress;
  readonly timeouts: UpstreamTimeouts;
  /** Connections at the same time; calls beyond wait in line for `connectMs`. */
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

/** The connections to one upstream: kept alive, newest used first, swept for time limits. */
export class UpstreamPool implements ConnectionOwner {
  readonly address: UpstreamAddress;
  readonly monotonic: () => number;
  readonly #options: UpstreamOptions;
  readonly #all = new Set<UpstreamConnection>();
  readonly #free: UpstreamConnection[] = [];
  #waiting: Waiting[] = [];
  #cancelSweep: (() => void) | undefined;
  #isClosed = false;

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.address = options.address;
    this.monotonic = options.clock.monotonic;
  }

  /** Connections open and calls in line, for gauges. */
  get counts(): { readonly open: number; readonly free: number; readonly waiting: number } {
    return { open: this.#all.size, free: this.#free.length, waiting: this.#waiting.length };
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

  /** Takes a call out of the line, if it still waits there. */
  forget(exchange: Exchange): void {
    if (this.#waiting.length === 0) return;
    this.#waiting = this.#waiting.filter((each) => each.exchange !== exchange);
  }

  free(connection: UpstreamConnection): void {
    const next = this.#isClosed ? undefined : this.#waiting.shift();
    if (next !== undefined) connection.carry(next.exchange, true);
    else if (this.#isClosed) connection.close();
    else this.#free.push(connection);
  }

  gone(connection: UpstreamConnection): void {
    if (!this.#all.delete(connection)) return;
    const index = this.#free.lastIndexOf(connection);
    if (index >= 0) this.#free.splice(index, 1);
    if (this.#waiting.length > 0 && !this.#isClosed) {
      const next = this.#waiting.shift();
      if (next !== undefined) this.#connect().carry(next.exchange, false);
    }
  }

  repeat(exchange: Exchange): void {
    this.#connect().carry(exchange, false);
  }

  /** Closes what is quiet now and what is busy when its call ends. */
  close(): void {
    this.#isClosed = true;
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
      if (this.#all.size > 0 || this.#waiting.length > 0) this.#sweepLater();
    });
  }

  #sweep(now: number): void {
    const { timeouts, keepAliveMs } = this.#options;
    for (const connection of this.#all) connection.checkTime(now, timeouts);
    for (const connection of this.#free.filter(
      (each) => now - each.movedAt >= quietMax(each, keepAliveMs),
    )) {
      connection.close();
      this.gone(connection);
    }
    while (this.#waiting[0] !== undefined && now - this.#waiting[0].since >= timeouts.connectMs) {
      const late = this.#waiting.shift();
      late?.exchange.failed({ kind: "busy", detail: "no connection became free in time" });
    }
  }
}

/** A second less than the upstream promises, so that we are the ones who close. */
function quietMax(connection: UpstreamConnection, keepAliveMs: number): number {
  const promised = connection.keepAliveMs;
  return promised === 0 ? keepAliveMs : Math.min(keepAliveMs, Math.max(promised - 1_000, 0));
}
