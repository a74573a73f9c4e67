import { setTimeout } from "node:timers/promises";
import type { Client } from "pg";
import { connectClient } from "./connection.ts";
import type { ConnectionOptions } from "./connection.ts";

const RECONNECT_MS = 500;

/** Told when the connection is there, and when it is gone. */
export interface SessionEvents {
  readonly connected: (client: Client) => Promise<void>;
  readonly lost: () => void;
}

/** One connection that is made again whenever it is lost, for what lives as long as a session: locks and LISTEN. */
export class Session {
  readonly #options: ConnectionOptions;
  readonly #events: SessionEvents;
  readonly #closed = new AbortController();
  #client: Client | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ConnectionOptions, events: SessionEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** The connection, if there is one just now. */
  get client(): Client | undefined {
    return this.#client;
  }

  /** Connects on first use; later calls do nothing. */
  start(): void {
    if (this.#closed.signal.aborted) return;
    this.#running ??= this.#keepConnected();
  }

  /** Ends a connection that does not answer any more; a new one follows. */
  drop(): void {
    void this.#client?.end().catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#client?.end().catch(() => undefined);
    await this.#running;
  }

  async #keepConnected(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      await this.#connectOnce().catch(() => undefined);
      await setTimeout(RECONNECT_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #connectOnce(): Promise<void> {
    const client = await connectClient(this.#options);
    const ended = new Promise<void>((resolve) => client.once("end", () => resolve()));
    if (this.#closed.signal.aborted) {
      await client.end();
      return;
    }
    this.#client = client;
    try {
      await this.#events.connected(client);
      await ended;
    } finally {
      this.#client = undefined;
      this.#events.lost();
      await client.end().catch(() => undefined);
    }
  }
}
