import type { LimitPolicy, LimitState } from "portico/kernel";
import type { Counter, Verdict } from "./counter.ts";

/** Nobody knows when a call ends; a second is what callers are told to wait. */
const RETRY_MS = 1_000;

/** Calls under way, counted in this process. An entry is there only while a call is. */
export class ConcurrencyCounter implements Counter {
  readonly policy: LimitPolicy;
  readonly id: string;
  readonly #underWay: Map<string, number>;
  #subject = "";
  #count = 0;
  #cost = 0;

  constructor(id: string, policy: LimitPolicy, underWay: Map<string, number>) {
    this.id = id;
    this.policy = policy;
    this.#underWay = underWay;
  }

  look(subject: string, cost: number): Verdict {
    this.#subject = subject;
    this.#cost = cost;
    this.#count = this.#underWay.get(subject) ?? 0;
    return this.#count + cost <= this.policy.limit ? "free" : "full";
  }

  charge(): void {
    if (this.#cost > 0) this.#underWay.set(this.#subject, this.#count + this.#cost);
  }

  release(subject: string, cost: number): void {
    const left = (this.#underWay.get(subject) ?? 0) - cost;
    if (left > 0) this.#underWay.set(subject, left);
    else this.#underWay.delete(subject);
  }

  state(allowed: boolean): LimitState {
    const { name, limit } = this.policy;
    const isFull = this.#count + this.#cost > limit;
    return {
      allowed: allowed || !isFull,
      policy: name,
      limit,
      windowMs: 0,
      remaining: Math.max(0, limit - this.#count - (allowed ? this.#cost : 0)),
      resetMs: isFull ? RETRY_MS : 0,
    };
  }
}
