import type { Clock } from "portico/kernel";
import { claimSlots, SLOT_LEASE_MS, SLOT_MARGIN_MS } from "./counters/index.ts";
import type { SlotParts, Slots } from "./counters/index.ts";
import type { SlotStore } from "./store/index.ts";

/** What slots are kept with. */
export interface KeeperParts extends Pick<SlotParts, "monotonic" | "outage"> {
  readonly store: SlotStore;
  readonly after: Clock["after"];
}

const BEAT_MS = 1_000;
/** Counts whose idle slots go back in one beat; the others follow with the next. */
const RETURNS_MAX = 200;

/** Keeps the slots of a process while it lives: renews them every second, and gives back those that no call has used since. */
export class SlotKeeper {
  readonly slots = new Map<string, Slots>();
  readonly #parts: KeeperParts;
  #cancel: (() => void) | undefined;
  #isClosed = false;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  /** Keeps from now on, until nothing is held any more. */
  begin(): void {
    if (this.#isClosed) return;
    this.#cancel ??= this.#parts.after(BEAT_MS, () => {
      void this.#beat().finally(() => {
        this.#cancel = undefined;
        if (this.slots.size > 0) this.begin();
      });
    });
  }

  /** Gives everything back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel?.();
    if (this.slots.size === 0) return;
    // A store that is away frees them when their lease has ended.
    await this.#parts.store.leave().catch(() => undefined);
  }

  async #beat(): Promise<void> {
    await this.#renew();
    const returning: Promise<void>[] = [];
    for (const slots of this.slots.values()) {
      if (slots.fetching !== undefined || returning.length >= RETURNS_MAX) continue;
      const target = Math.max(slots.peak, slots.used);
      slots.peak = slots.used;
      if (target < slots.noted) returning.push(this.#giveBack(slots, target));
      else if (slots.noted === 0 && slots.used === 0) this.slots.delete(slots.name);
    }
    await Promise.all(returning);
  }

  async #renew(): Promise<void> {
    const { store, monotonic, outage } = this.#parts;
    const startedAt = monotonic();
    try {
      const kept = await store.renew(SLOT_LEASE_MS);
      for (const slots of this.slots.values()) {
        if (kept.has(slots.name)) slots.validUntil = startedAt + SLOT_LEASE_MS - SLOT_MARGIN_MS;
        // Others may have them by now: nobody is let in before the store was asked again.
        else if (slots.claimedAt < startedAt) slots.validUntil = 0;
      }
    } catch (error) {
      outage.note(error);
    }
  }

  /** From this moment no call takes them any more, so that another process may. */
  async #giveBack(slots: Slots, target: number): Promise<void> {
    slots.held = target;
    const { store, monotonic, outage } = this.#parts;
    slots.fetching = claimSlots(slots, target, { source: store, monotonic, outage }).finally(() => {
      slots.fetching = undefined;
    });
    await slots.fetching;
  }
}
