import { randomUUID } from "node:crypto";
import { escapeIdentifier } from "pg";
import type { Client } from "pg";
import type { ConnectionOptions } from "./connection.ts";
import { Session } from "./session.ts";

/** Hints between processes, over LISTEN and NOTIFY. */
export interface Signals {
  readonly notify: (channel: string) => void;
  readonly onNotify: (channel: string, listen: () => void) => () => void;
  readonly close: () => Promise<void>;
}

/** Opens the hints. Listeners of this process are told at once, others when the connection is there. */
export function openSignals(options: ConnectionOptions): Signals {
  const self = randomUUID();
  const listeners = new Map<string, Set<() => void>>();
  const pending = new Set<string>();
  const tell = (channel: string): void => {
    for (const listen of listeners.get(channel) ?? []) queueMicrotask(listen);
  };
  const connected = async (client: Client): Promise<void> => {
    client.on("notification", ({ channel, payload }) => {
      if (payload !== self) tell(channel);
    });
    for (const channel of listeners.keys())
      await client.query(`listen ${escapeIdentifier(channel)}`);
    // What was told while the connection was away may have been missed.
    for (const channel of listeners.keys()) tell(channel);
  };
  const session = new Session(options, { connected, lost: () => undefined });
  return {
    notify: (channel) => {
      tell(channel);
      session.start();
      if (pending.has(channel)) return;
      pending.add(channel);
      setImmediate(() => {
        pending.delete(channel);
        void session.client
          ?.query("select pg_notify($1, $2)", [channel, self])
          .catch(() => undefined);
      });
    },
    onNotify: (channel, listen) => {
      session.start();
      const set = listeners.get(channel) ?? new Set();
      if (!listeners.has(channel)) {
        listeners.set(channel, set);
        void session.client
          ?.query(`listen ${escapeIdentifier(channel)}`)
          .catch(() => session.drop());
      }
      set.add(listen);
      return () => set.delete(listen);
    },
    close: () => session.close(),
  };
}
