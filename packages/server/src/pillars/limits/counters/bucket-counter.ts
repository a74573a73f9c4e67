import type { LimitPolicy, LimitState } from "portico/kernel";
import type { Counter, Verdict } from "./counter.ts";
import { gcraOf, tokensLeft, workedOffMs } from "./gcra.ts";
import type { Gcra } from "./gcra.ts";
import type { Shelf } from "./shelf.ts";

/** What one subject owes. */
export interface Debt {
  debt: number;
  /** Milliseconds by the monotonic clock when `debt` was true. */
  at: number;
}

/** What counters in memory need. */
export interface MemoryParts<TEntry> {
  readonly shelf: Shelf<TEntry>;
  /** Whole milliseconds, never backward. */
  readonly now: () => number;
}

/** A token bucket in memory, by the monotonic clock: setting the machine's clock admits nobody. */
export class BucketCounter implements Counter {
  readonly policy: LimitPolicy;
  readonly id: string;
  readonly #gcra: Gcra;
  readonly #parts: MemoryParts<Debt>;
  #name = "";
  #nowMs = 0;
  #entry: Debt | undefined;
  #debt = 0;
  #debtAfter = 0;

  constructor(id: string, policy: LimitPolicy, parts: MemoryParts<Debt>) {
    this.id = id;
    this.policy = policy;
    this.#gcra = gcraOf(policy);
    this.#parts = parts;
  }

  look(subject: string, cost: number): Verdict {
    const { shelf, now } = this.#parts;
    const { unitsPerMs, unitsPerToken, capacity } = this.#gcra;
    this.#nowMs = now();
    this.#name = shelf.nameFor(subject, this.#nowMs);
    const entry = shelf.get(this.#name);
    this.#entry = entry;
    this.#debt =
      entry === undefined ? 0 : Math.max(0, entry.debt - (this.#nowMs - entry.at) * unitsPerMs);
    this.#debtAfter = this.#debt + cost * unitsPerToken;
    return this.#debtAfter <= capacity ? "free" : "full";
  }

  charge(): void {
    const entry = this.#entry ?? { debt: 0, at: 0 };
    entry.debt = this.#debtAfter;
    entry.at = this.#nowMs;
    this.#parts.shelf.put(this.#name, entry);
  }

  state(allowed: boolean): LimitState {
    const { name, limit, windowMs } = this.policy;
    const gcra = this.#gcra;
    const debt = allowed ? this.#debtAfter : this.#debt;
    const isFull = this.#debtAfter > gcra.capacity;
    return {
      allowed: allowed || !isFull,
      policy: name,
      limit,
      windowMs,
      remaining: tokensLeft(gcra, debt),
      resetMs: workedOffMs(gcra, isFull ? this.#debtAfter - gcra.capacity : debt),
    };
  }
}
