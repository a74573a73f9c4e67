import type { Clock } from "../../base/index.ts";
import { raiseStore } from "../store/index.ts";
import type { Driver, DriverTransaction } from "../store/index.ts";

/** What the simulated processes meet: the chance of each at every await of theirs on the database. */
export interface Weather {
  /** The process ends here: before the statement, after it, or with a transaction half way. */
  readonly crash: number;
  /** The database is away: nothing was stored. */
  readonly away: number;
  /** The answer is lost: it was stored, and nobody knows. */
  readonly unknown: number;
  /** Time goes on although somebody could still do something. */
  readonly late: number;
}

interface Gate {
  readonly process: SimulatedProcess;
  readonly open: () => void;
}

interface Timer {
  readonly process: SimulatedProcess;
  readonly dueAt: number;
  readonly order: number;
  readonly run: () => void;
}

/** Numbers from a seed, the same on every machine (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A world with a clock of its own and one database, in which processes do one thing at a time, in an order that follows
 * from the seed alone: at every call of the database the process stands still until the world lets it go on.
 */
export class World {
  now = Date.UTC(2026, 0, 1);
  weather: Weather = { crash: 0, away: 0, unknown: 0, late: 0 };
  /** What happened, step by step: two worlds of one seed have the same. */
  readonly trace: string[] = [];
  readonly random: () => number;
  readonly base: Driver;
  #gates: Gate[] = [];
  #timers: Timer[] = [];
  #orders = 0;
  #busy = 0;

  constructor(base: Driver, seed: number) {
    this.base = base;
    this.random = seeded(seed);
  }

  /** One step: something that waits goes on, or time passes until something is due. False when nothing ever will be. */
  async step(): Promise<boolean> {
    await this.#settle();
    const isLate = this.#timers.length > 0 && this.random() < this.weather.late;
    const gate = isLate ? undefined : this.#take();
    if (gate !== undefined) {
      this.trace.push(`${gate.process.name} at ${this.now}`);
      gate.open();
    } else if (!this.#tick()) {
      return false;
    }
    await this.#settle();
    return true;
  }

  #take(): Gate | undefined {
    if (this.#gates.length === 0) return undefined;
    const [gate] = this.#gates.splice(Math.floor(this.random() * this.#gates.length), 1);
    return gate;
  }

  #tick(): boolean {
    const [next] = this.#timers.toSorted((a, b) => a.dueAt - b.dueAt || a.order - b.order);
    if (next === undefined) return false;
    this.#timers = this.#timers.filter((timer) => timer !== next);
    this.now = Math.max(this.now, next.dueAt);
    this.trace.push(`timer of ${next.process.name} at ${this.now}`);
    next.run();
    return true;
  }

  /** Until nobody can go on by itself: the database has answered, and what follows from it has been done. */
  async #settle(): Promise<void> {
    for (let quiet = 0; quiet < 3;) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
      quiet = this.#busy === 0 ? quiet + 1 : 0;
    }
  }

  /** Stands still until the world lets the process go on; for ever when it ended meanwhile. */
  async gate(process: SimulatedProcess): Promise<void> {
    await new Promise<void>((open) => void this.#gates.push({ process, open }));
    if (this.random() < this.weather.crash) this.end(process);
    if (process.hasEnded) await new Promise<never>(() => {});
  }

  /** The process ends where it stands: nothing of it goes on, and nothing is told to stop. */
  end(process: SimulatedProcess): void {
    process.hasEnded = true;
    this.trace.push(`${process.name} ends`);
    this.#gates = this.#gates.filter((gate) => gate.process !== process);
    this.#timers = this.#timers.filter((timer) => timer.process !== process);
  }

  async work<TValue>(run: () => Promise<TValue>): Promise<TValue> {
    this.#busy += 1;
    try {
      return await run();
    } finally {
      this.#busy -= 1;
    }
  }

  clockOf(process: SimulatedProcess): Clock {
    return {
      now: () => this.now,
      monotonic: () => this.now,
      after: (ms, run) => {
        if (process.hasEnded) return () => {};
        this.#orders += 1;
        const timer = { process, dueAt: Math.ceil(this.now + ms), order: this.#orders, run };
        this.#timers.push(timer);
        return () => {
          this.#timers = this.#timers.filter((each) => each !== timer);
        };
      },
    };
  }
}

/** One process of a world. */
export class SimulatedProcess {
  readonly name: string;
  readonly driver: Driver;
  readonly clock: Clock;
  hasEnded = false;

  constructor(world: World, name: string) {
    this.name = name;
    this.clock = world.clockOf(this);
    this.driver = simulatedDriver(world, this);
  }
}

class Ended extends Error {}

function simulatedDriver(world: World, process: SimulatedProcess): Driver {
  const { base } = world;
  /** A call: the process stands still before it and after it, and either may be its end. */
  const call = async <TValue>(run: () => Promise<TValue>, isWrite: boolean): Promise<TValue> => {
    await world.gate(process);
    if (world.random() < world.weather.away) throw raiseStore("store.unavailable");
    const value = await world.work(run);
    await world.gate(process);
    if (isWrite && world.random() < world.weather.unknown) throw raiseStore("store.outcomeUnknown");
    return value;
  };
  const within = (tx: DriverTransaction): DriverTransaction => ({
    execute: async (statement) => {
      // No standing still in here: the one writer waits. The end of the process rolls the transaction back.
      if (world.random() < world.weather.crash) {
        world.end(process);
        throw new Ended();
      }
      return await tx.execute(statement);
    },
  });
  const forEver = new Promise<never>(() => {});
  return {
    ...base,
    now: () => Promise.resolve(world.now),
    notify: () => {},
    onNotify: () => () => {},
    query: (statement) => call(() => base.query(statement), false),
    append: (batch) => call(() => base.append(batch), true),
    transaction: async (run) => {
      try {
        return await call(() => base.transaction((tx) => run(within(tx))), true);
      } catch (error) {
        if (process.hasEnded) return await forEver;
        throw error;
      }
    },
  };
}
