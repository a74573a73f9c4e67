import type { LimitPolicy } from "portico/kernel";

/** A wish for tokens of one count. */
export interface Reservation {
  /** The count: policy, place and subject. At most 1,000 characters matter. */
  readonly name: string;
  readonly policy: LimitPolicy;
  /** Beginning of the fixed window; undefined for a bucket. */
  readonly window: number | undefined;
  /** Tokens that are needed now; with fewer there, none is taken. */
  readonly least: number;
  /** Tokens that are taken where they are there. */
  readonly wanted: number;
  /** Milliseconds after which a bucket's tokens are used at the latest; beyond it their taker lets them age. */
  readonly marginMs: number;
}

/** What was reserved; from then on it is used, whether a call ever uses it or not. */
export interface Reserved {
  readonly taken: number;
  /** Left in the store after it. */
  readonly left: number;
  /** Milliseconds until `least` are there; 0 when they were taken. */
  readonly waitMs: number;
}

/**
 * Counts that outlive processes and are shared by them. Whatever is reserved is durable before `reserve` answers, so a
 * crash loses tokens and never finds any. Implemented over the database; one over another store takes its place.
 */
export interface LimitStore {
  /** Rejects when the store cannot be asked. */
  reserve(reservation: Reservation): Promise<Reserved>;
  /** Gives tokens back that no call has used, at the end of a process. Only of fixed windows. */
  giveBack(
    reservation: Omit<Reservation, "least" | "wanted" | "marginMs">,
    tokens: number,
  ): Promise<void>;
}
