import type { LimitPolicy, LimitState } from "portico/kernel";
import type { MemoryParts } from "./bucket-counter.ts";
import type { Counter, Verdict } from "./counter.ts";
import { windowEnd, windowStart } from "./window.ts";

/** What one subject has used of one window. */
export interface Used {
  used: number;
  /** Beginning of the window; milliseconds since 1970. */
  window: number;
}

/** A fixed window in memory, by a clock of UTC that never goes back. */
export class FixedCounter implements Counter {
  readonly policy: LimitPolicy;
  readonly id: string;
  readonly #parts: MemoryParts<Used>;
  #name = "";
  #nowMs = 0;
  #window = 0;
  #entry: Used | undefined;
  #used = 0;
  #cost = 0;

  constructor(id: string, policy: LimitPolicy, parts: MemoryParts<Used>) {
    this.id = id;
    this.policy = policy;
    this.#parts = parts;
  }

  look(subject: string, cost: number): Verdict {
    const { shelf, now } = this.#parts;
    this.#nowMs = now();
    this.#window = windowStart(this.policy, this.#nowMs);
    this.#name = shelf.nameFor(subject, this.#nowMs);
    const entry = shelf.get(this.#name);
    this.#entry = entry;
    this.#used = entry?.window === this.#window ? entry.used : 0;
    this.#cost = cost;
    return this.#used + cost <= this.policy.limit ? "free" : "full";
  }

  charge(): void {
    const entry = this.#entry ?? { used: 0, window: 0 };
    entry.used = this.#used + this.#cost;
    entry.window = this.#window;
    this.#parts.shelf.put(this.#name, entry);
  }

  state(allowed: boolean): LimitState {
    const { name, limit, windowMs } = this.policy;
    const isFull = this.#used + this.#cost > limit;
    return {
      allowed: allowed || !isFull,
      policy: name,
      limit,
      windowMs,
      remaining: Math.max(0, limit - this.#used - (allowed ? this.#cost : 0)),
      resetMs: windowEnd(this.policy, this.#window) - this.#nowMs,
    };
  }
}
