import type { LimitPolicy, LimitState } from "portico/kernel";
import type { Counter, Verdict } from "./counter.ts";
import { gcraOf } from "./gcra.ts";
import type { Gcra } from "./gcra.ts";
import { windowEnd, windowStart } from "./window.ts";

/** Where blocks come from: `LimitStore`, as its consumer sees it. */
export interface BlockSource {
  reserve(wish: {
    readonly name: string;
    readonly policy: LimitPolicy;
    readonly window: number | undefined;
    readonly least: number;
    readonly wanted: number;
    readonly marginMs: number;
  }): Promise<{ readonly taken: number; readonly left: number; readonly waitMs: number }>;
}

/** What this process knows and holds of one count. */
export interface Block {
  readonly name: string;
  readonly policy: LimitPolicy;
  /** Beginning of the fixed window; 0 of a bucket. */
  window: number;
  /** Reserved and not used yet; of a bucket in units of its GCRA. */
  held: number;
  /** Of a bucket: what this process owes by its own calls, in units. While it owes, what it holds is not stale. */
  owed: number;
  /** Monotonic time when `held` and `owed` were true. */
  at: number;
  /** What was left in the store when it was asked. */
  left: number;
  /** Monotonic time until which `left` and `waitUntil` are believed; the store need not be asked again before. */
  knownUntil: number;
  /** Monotonic time when the store will have what the last wish lacked. */
  waitUntil: number;
  /** Milliseconds that a reservation may take on its way and still be whole; twice what the last one took. */
  marginMs: number;
  /** What calls that wait for the store need together. */
  demand: number;
  fetching: Promise<void> | undefined;
}

/** What counters over the store need. */
export interface BlockParts {
  readonly source: BlockSource;
  readonly blocks: {
    get(name: string): Block | undefined;
    put(name: string, block: Block): void;
  };
  /** Monotonic; whole milliseconds. */
  readonly monotonic: () => number;
  /** UTC that never goes back. */
  readonly utc: () => number;
  /** Whether the store is away, and to tell that it is. */
  readonly outage: { readonly isAway: () => boolean; readonly note: (error: unknown) => void };
}

/** The store is asked at most so often for a count that is used up. */
const KNOWN_MS = 1_000;
/** A block is at most this share of the limit: what a crash loses. */
const BLOCK_SHARE = 100;
const BLOCK_MAX = 1_000;
/** Near the end blocks get smaller, so that one process does not strand what others could use. */
const LEFT_SHARE = 16;
const MARGIN_MS_MIN = 20;
const MARGIN_MS_MAX = 2_000;

/**
 * A window longer than a minute. Calls are counted from a block of tokens that was taken from the store before: what is
 * lost with a process is lost to its callers, and nothing is ever let through twice (design §10.16).
 *
 * A block of a bucket ages. The store's debt is worked off while the block is held, so what is held has to shrink with
 * it, or a block kept for an hour would come on top of a full burst. It shrinks only while this process owes nothing by
 * its own calls: as long as it does, the debt that is worked off is theirs.
 */
export class BlockCounter implements Counter {
  readonly policy: LimitPolicy;
  readonly id: string;
  readonly #parts: BlockParts;
  readonly #gcra: Gcra | undefined;
  readonly #perToken: number;
  #block: Block | undefined;
  #cost = 0;
  #nowMs = 0;

  constructor(id: string, policy: LimitPolicy, parts: BlockParts) {
    this.id = id;
    this.policy = policy;
    this.#parts = parts;
    this.#gcra = policy.algorithm === "bucket" ? gcraOf(policy) : undefined;
    this.#perToken = this.#gcra?.unitsPerToken ?? 1;
  }

  look(subject: string, cost: number): Verdict {
    this.#cost = cost;
    this.#nowMs = this.#parts.monotonic();
    const block = this.#current(subject);
    this.#block = block;
    if (block.held >= cost * this.#perToken && (cost > 0 || this.#isKnown(block))) return "free";
    if (this.#parts.outage.isAway()) return "away";
    return cost > 0 && this.#isUsedUp(block) ? "full" : "unknown";
  }

  charge(): void {
    const block = this.#block;
    if (block === undefined) return;
    const units = this.#cost * this.#perToken;
    block.held -= Math.min(block.held, units);
    if (this.#gcra !== undefined) block.owed += units;
    this.#parts.blocks.put(block.name, block);
  }

  state(allowed: boolean): LimitState {
    const { name, limit, windowMs } = this.policy;
    const block = this.#block;
    const remaining =
      block === undefined ? 0 : Math.floor(block.held / this.#perToken) + block.left;
    const isFull =
      remaining < this.#cost || (block !== undefined && block.held < this.#cost * this.#perToken);
    return {
      allowed: allowed || !isFull,
      policy: name,
      limit,
      windowMs,
      remaining,
      resetMs: this.#resetMs(allowed || !isFull, remaining),
    };
  }

  async reserve(subject: string, cost: number): Promise<void> {
    this.#nowMs = this.#parts.monotonic();
    const block = this.#current(subject);
    this.#parts.blocks.put(block.name, block);
    block.demand += cost;
    try {
      block.fetching ??= this.#ask(block, cost).finally(() => {
        block.fetching = undefined;
      });
      await block.fetching;
    } finally {
      block.demand -= cost;
    }
  }

  async #ask(block: Block, cost: number): Promise<void> {
    // A turn for those who came together: one wish for all of them.
    await Promise.resolve();
    const { source, monotonic, outage } = this.#parts;
    const { window, name, marginMs } = block;
    const askedAt = monotonic();
    const isLook = block.demand === 0;
    const missing = Math.ceil(cost - block.held / this.#perToken);
    const most = Math.max(block.demand, this.#blockSize(block));
    try {
      const got = await source.reserve({
        name,
        policy: this.policy,
        window: this.#gcra === undefined ? window : undefined,
        least: isLook ? 0 : Math.max(1, missing),
        wanted: isLook ? 0 : Math.min(this.#most(), most),
        marginMs,
      });
      this.#receive(block, got, { askedAt, window });
    } catch (error) {
      outage.note(error);
    }
  }

  #receive(
    block: Block,
    got: { readonly taken: number; readonly left: number; readonly waitMs: number },
    { askedAt, window }: { readonly askedAt: number; readonly window: number },
  ): void {
    const nowMs = this.#parts.monotonic();
    const tookMs = nowMs - askedAt;
    this.#settle(block, nowMs);
    // The store has charged for the way up to the margin; on a longer way the tokens age as they do here.
    const late = Math.max(0, tookMs - block.marginMs) * (this.#gcra?.unitsPerMs ?? 0);
    if (block.window === window) {
      block.held += Math.max(0, got.taken * this.#perToken - late);
    }
    block.marginMs = Math.min(MARGIN_MS_MAX, Math.max(MARGIN_MS_MIN, 2 * tookMs));
    block.left = got.left;
    block.knownUntil = nowMs + KNOWN_MS;
    block.waitUntil = got.waitMs === 0 ? 0 : nowMs + got.waitMs;
  }

  #most(): number {
    return this.#gcra === undefined ? this.policy.limit : this.policy.burst;
  }

  #blockSize({ left, knownUntil }: Block): number {
    const usual = Math.min(BLOCK_MAX, Math.ceil(this.policy.limit / BLOCK_SHARE));
    return knownUntil === 0 ? usual : Math.max(1, Math.min(usual, Math.ceil(left / LEFT_SHARE)));
  }

  #isUsedUp(block: Block): boolean {
    if (this.#cost > this.#most()) return true;
    if (!this.#isKnown(block) || block.waitUntil <= this.#nowMs) return false;
    return Math.floor(block.held / this.#perToken) + block.left < this.#cost;
  }

  #isKnown({ knownUntil }: Block): boolean {
    return knownUntil > this.#nowMs;
  }

  /** The block as it is now: aged, or begun anew with its window. */
  #current(name: string): Block {
    const block = this.#parts.blocks.get(name) ?? this.#empty(name);
    if (this.#gcra === undefined) {
      const window = windowStart(this.policy, this.#parts.utc());
      if (block.window !== window) {
        block.window = window;
        block.held = 0;
        block.left = this.policy.limit;
        block.knownUntil = 0;
        block.waitUntil = 0;
      }
    } else {
      this.#settle(block, this.#nowMs);
    }
    return block;
  }

  #settle(block: Block, nowMs: number): void {
    const gcra = this.#gcra;
    if (gcra === undefined || nowMs <= block.at) return;
    const worked = (nowMs - block.at) * gcra.unitsPerMs;
    const ofCalls = Math.min(worked, block.owed);
    block.owed -= ofCalls;
    block.held = Math.max(0, block.held - (worked - ofCalls));
    block.at = nowMs;
  }

  #empty(name: string): Block {
    return {
      name,
      policy: this.policy,
      window: 0,
      held: 0,
      owed: 0,
      at: this.#nowMs,
      left: 0,
      knownUntil: 0,
      waitUntil: 0,
      marginMs: MARGIN_MS_MIN,
      demand: 0,
      fetching: undefined,
    };
  }

  #resetMs(allowed: boolean, remaining: number): number {
    if (!allowed && this.#block !== undefined && this.#block.waitUntil > this.#nowMs) {
      return this.#block.waitUntil - this.#nowMs;
    }
    if (this.#gcra === undefined) {
      const utc = this.#parts.utc();
      return windowEnd(this.policy, windowStart(this.policy, utc)) - utc;
    }
    const missing = (this.policy.burst - remaining) * this.#gcra.unitsPerToken;
    return Math.max(0, Math.ceil(missing / this.#gcra.unitsPerMs));
  }
}
