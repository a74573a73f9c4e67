import type { LimitPolicy, LimitState } from "portico/kernel";
import type { Counter, Verdict } from "./counter.ts";

/** Where slots come from: `SlotStore`, as its consumer sees it. */
export interface SlotSource {
  claim(wish: {
    readonly name: string;
    readonly policy: LimitPolicy;
    readonly wanted: number;
    readonly leaseMs: number;
  }): Promise<{ readonly held: number; readonly free: number }>;
}

/** What this process holds of one count of calls under way. */
export interface Slots {
  readonly name: string;
  readonly policy: LimitPolicy;
  /** Calls under way here, by their cost. */
  used: number;
  /** Most that was used since the last beat. */
  peak: number;
  /** Slots that calls here may use. */
  held: number;
  /** Slots that the store has noted for this process; more than `held` while some are on their way back. */
  noted: number;
  /** Monotonic time until which `held` is ours without asking. */
  validUntil: number;
  /** Free in the store when it was asked, and the monotonic time until which that is believed. */
  free: number;
  knownUntil: number;
  /** Monotonic time when the last answered claim began. */
  claimedAt: number;
  /** What calls that wait for the store need together. */
  demand: number;
  fetching: Promise<void> | undefined;
}

/** What counters of shared slots need. */
export interface SlotParts {
  readonly source: SlotSource;
  /** By the count's name. */
  readonly slots: Map<string, Slots>;
  /** Told when the first count is held: from then on they are to be renewed. */
  readonly begin: () => void;
  /** Monotonic; whole milliseconds. */
  readonly monotonic: () => number;
  readonly outage: { readonly isAway: () => boolean; readonly note: (error: unknown) => void };
}

/** Slots of a process that has died are free again after so long, by the store's clock. */
export const SLOT_LEASE_MS = 5_000;
/** A process believes in its slots for less than the store does: clocks run at different rates, and answers take time. */
export const SLOT_MARGIN_MS = 1_500;
/** The store is asked at most so often for a count that is full. */
const KNOWN_MS = 100;
/** What callers are told to wait: nobody knows when a call ends. */
const RETRY_MS = 1_000;
/** Beside what is needed now, this share of the limit is taken, so that not every call has to ask. */
const SPARE_SHARE = 16;

/**
 * Calls under way over all processes. Each reserves slots in the store before it lets calls in, and gives back what it
 * has not used for a second: together they never hold more than the limit.
 */
export class SlotCounter implements Counter {
  readonly policy: LimitPolicy;
  readonly id: string;
  readonly #parts: SlotParts;
  #slots: Slots | undefined;
  #cost = 0;

  constructor(id: string, policy: LimitPolicy, parts: SlotParts) {
    this.id = id;
    this.policy = policy;
    this.#parts = parts;
  }

  look(subject: string, cost: number): Verdict {
    const nowMs = this.#parts.monotonic();
    const slots = this.#of(subject);
    this.#slots = slots;
    this.#cost = cost;
    const isKnown = slots.knownUntil > nowMs;
    const fits = slots.validUntil > nowMs && slots.used + cost <= slots.held;
    if (cost === 0 ? isKnown || slots.validUntil > nowMs : fits) return "free";
    if (this.#parts.outage.isAway()) return "away";
    if (cost > this.policy.limit) return "full";
    const isShort = slots.held + slots.free - slots.used < cost;
    return isKnown && isShort ? "full" : "unknown";
  }

  charge(): void {
    const slots = this.#slots;
    if (slots === undefined || this.#cost === 0) return;
    slots.used += this.#cost;
    slots.peak = Math.max(slots.peak, slots.used);
    this.#parts.slots.set(slots.name, slots);
  }

  release(subject: string, cost: number): void {
    const slots = this.#parts.slots.get(subject);
    if (slots !== undefined) slots.used = Math.max(0, slots.used - cost);
  }

  state(allowed: boolean): LimitState {
    const { name, limit } = this.policy;
    const { held = 0, used = 0, free = limit } = this.#slots ?? {};
    const left = Math.max(0, Math.min(limit, held - used + free));
    const isFull = !allowed && left < Math.max(1, this.#cost);
    return {
      allowed: allowed || !isFull,
      policy: name,
      limit,
      windowMs: 0,
      remaining: isFull ? 0 : left,
      resetMs: isFull ? RETRY_MS : 0,
    };
  }

  async reserve(subject: string, cost: number): Promise<void> {
    const slots = this.#of(subject);
    this.#parts.slots.set(subject, slots);
    this.#parts.begin();
    slots.demand += cost;
    try {
      slots.fetching ??= this.#ask(slots).finally(() => {
        slots.fetching = undefined;
      });
      await slots.fetching;
    } finally {
      slots.demand -= cost;
    }
  }

  async #ask(slots: Slots): Promise<void> {
    // A turn for those who came together: one wish for all of them.
    await Promise.resolve();
    const { limit } = this.policy;
    const needed = slots.used + slots.demand;
    const spare = slots.demand === 0 ? 0 : Math.floor(limit / SPARE_SHARE);
    await claimSlots(slots, Math.min(limit, Math.max(needed + spare, slots.held)), this.#parts);
  }

  #of(name: string): Slots {
    return (
      this.#parts.slots.get(name) ?? {
        name,
        policy: this.policy,
        used: 0,
        peak: 0,
        held: 0,
        noted: 0,
        validUntil: 0,
        free: this.policy.limit,
        knownUntil: 0,
        claimedAt: 0,
        demand: 0,
        fetching: undefined,
      }
    );
  }
}

/** Asks the store to note so many slots, and takes what it notes. Never rejects. */
export async function claimSlots(
  slots: Slots,
  wanted: number,
  { source, monotonic, outage }: Pick<SlotParts, "source" | "monotonic" | "outage">,
): Promise<void> {
  const askedAt = monotonic();
  const { name, policy } = slots;
  try {
    const got = await source.claim({ name, policy, wanted, leaseMs: SLOT_LEASE_MS });
    slots.held = got.held;
    slots.noted = got.held;
    slots.free = got.free;
    slots.claimedAt = askedAt;
    slots.validUntil = askedAt + SLOT_LEASE_MS - SLOT_MARGIN_MS;
    slots.knownUntil = monotonic() + KNOWN_MS;
  } catch (error) {
    outage.note(error);
  }
}
