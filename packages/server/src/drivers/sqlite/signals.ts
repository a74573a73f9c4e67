/** Hints within one process. */
export interface Signals {
  readonly notify: (channel: string) => void;
  readonly onNotify: (channel: string, listen: () => void) => () => void;
}

/** Opens the hints of a database that only one process serves. Listeners run after the caller's own turn. */
export function openSignals(): Signals {
  const listeners = new Map<string, Set<() => void>>();
  return {
    notify: (channel) => {
      for (const listen of listeners.get(channel) ?? []) queueMicrotask(listen);
    },
    onNotify: (channel, listen) => {
      const set = listeners.get(channel) ?? new Set();
      listeners.set(channel, set);
      set.add(listen);
      return () => set.delete(listen);
    },
  };
}
