import { givenBack, reserveFrom } from "./arithmetic.ts";
import type { Count } from "./arithmetic.ts";
import type { LimitStore } from "./limit-store.ts";

/** The twin of the store in memory, for tests of what stands on it. */
export function memoryStore(now: () => number): LimitStore {
  const counts = new Map<string, Count>();
  const nameOf = (name: string, window: number | undefined): string => `${name}\n${window ?? ""}`;
  return {
    reserve: async (reservation) => {
      const name = nameOf(reservation.name, reservation.window);
      // A turn, as a database takes one: callers must not count on being alone.
      await Promise.resolve();
      const { reserved, after } = reserveFrom(counts.get(name), reservation, now());
      counts.set(name, after);
      return reserved;
    },
    giveBack: async ({ name, window }, tokens) => {
      await Promise.resolve();
      const count = counts.get(nameOf(name, window));
      if (count !== undefined) counts.set(nameOf(name, window), givenBack(count, tokens));
    },
  };
}
