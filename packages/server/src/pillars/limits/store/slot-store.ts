import type { LimitPolicy } from "portico/kernel";

/** A wish for room for calls under way. */
export interface SlotWish {
  /** The count: policy, place and subject. */
  readonly name: string;
  readonly policy: LimitPolicy;
  /** All that this process shall hold of it: more than before, less, or none. */
  readonly wanted: number;
  /** From now on, by the store's clock. */
  readonly leaseMs: number;
}

/** Slots of one process in a store that others share; what its lease has ended for is anybody's. */
export interface SlotStore {
  /** Notes what was wanted, or what the others leave. Rejects when the store cannot be asked. */
  claim(wish: SlotWish): Promise<{ readonly held: number; readonly free: number }>;
  /** Renews all leases that have not ended; answers the names of their counts. */
  renew(leaseMs: number): Promise<ReadonlySet<string>>;
  /** Gives everything back. */
  leave(): Promise<void>;
}
