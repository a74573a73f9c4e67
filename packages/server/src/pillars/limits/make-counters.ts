import type { Clock, LimitPolicy } from "portico/kernel";
import {
  BlockCounter,
  BucketCounter,
  ConcurrencyCounter,
  FixedCounter,
  forwardClock,
  Shelf,
  SlotCounter,
} from "./counters/index.ts";
import type { Block, BlockParts, Counter, Debt, Used } from "./counters/index.ts";
import { SlotKeeper } from "./slot-keeper.ts";
import type { LimitStore, SlotStore } from "./store/index.ts";

/** Longer windows are counted in the store. */
const MEMORY_WINDOW_MS_MAX = 60_000;
/** After a failure the store is left alone for so long. */
const OUTAGE_MS = 1_000;
/** Blocks that are given back at the end; what is beyond is lost to its callers for the rest of its window. */
const GIVEN_BACK_MAX = 500;

/** How counters are made. */
export interface CounterOptions {
  readonly clock: Pick<Clock, "now" | "monotonic" | "after">;
  /** Counts held in memory for each period. */
  readonly bucketsMax: number;
  readonly store: LimitStore;
  /** Where several processes share what may be under way; each counts its own when left out. */
  readonly slots?: SlotStore;
  /** Told once for each outage of the store. */
  readonly storeFailed?: (error: unknown) => void;
}

/** Counters of one limiter, and what they hold. */
export interface CounterMaker {
  make(id: string, policy: LimitPolicy): Counter;
  size(): number;
  close(): Promise<void>;
}

/** Makes counters that share their memory by period: in memory up to a minute, beyond it in blocks from the store. */
export function makeCounters(options: CounterOptions): CounterMaker {
  const { clock, bucketsMax, store } = options;
  const buckets = shelves<Debt>(bucketsMax);
  const windows = shelves<Used>(bucketsMax);
  const underWay = new Map<string, number>();
  // One period for all: what is held of a count is dropped when it was not touched for an hour, and that is safe.
  const blocks = new BlockShelf(bucketsMax);
  const utc = forwardClock(clock);
  const monotonic = wholeMs(clock);
  const outage = outageOf(options, monotonic);
  const parts: BlockParts = { source: store, blocks, monotonic, utc, outage };
  const { slots } = options;
  const keeper =
    slots === undefined
      ? undefined
      : new SlotKeeper({ store: slots, after: clock.after, monotonic, outage });
  const concurrency = (id: string, policy: LimitPolicy): Counter =>
    keeper === undefined || slots === undefined
      ? new ConcurrencyCounter(id, policy, underWay)
      : new SlotCounter(id, policy, {
          source: slots,
          slots: keeper.slots,
          begin: () => keeper.begin(),
          monotonic,
          outage,
        });
  return {
    make: (id, policy) => {
      const { algorithm, windowMs, limit, burst } = policy;
      if (algorithm === "concurrency") return concurrency(id, policy);
      if (windowMs > MEMORY_WINDOW_MS_MAX) return new BlockCounter(id, policy, parts);
      return algorithm === "fixed"
        ? new FixedCounter(id, policy, { shelf: windows.of(windowMs), now: utc })
        : new BucketCounter(id, policy, {
            shelf: buckets.of(Math.ceil((burst * windowMs) / limit)),
            now: monotonic,
          });
    },
    size: () =>
      buckets.size() + windows.size() + underWay.size + (keeper?.slots.size ?? 0) + blocks.size,
    close: async () => {
      await Promise.all([giveBack(store, blocks), keeper?.close()]);
    },
  };
}

/** A clock that went back would work the same stretch of time off twice when it comes forward again. */
function wholeMs({ monotonic }: Pick<Clock, "monotonic">): () => number {
  let highest = 0;
  return () => (highest = Math.max(highest, Math.floor(monotonic())));
}

function outageOf({ storeFailed }: CounterOptions, monotonic: () => number): BlockParts["outage"] {
  let untilMs = Number.NEGATIVE_INFINITY;
  return {
    isAway: () => monotonic() < untilMs,
    note: (error) => {
      if (monotonic() >= untilMs) storeFailed?.(error);
      untilMs = monotonic() + OUTAGE_MS;
    },
  };
}

function shelves<TEntry>(max: number): { of(periodMs: number): Shelf<TEntry>; size(): number } {
  const byPeriod = new Map<number, Shelf<TEntry>>();
  return {
    of: (periodMs) => {
      const known = byPeriod.get(periodMs);
      if (known !== undefined) return known;
      const made = new Shelf<TEntry>(periodMs, max);
      byPeriod.set(periodMs, made);
      return made;
    },
    size: () => [...byPeriod.values()].reduce((sum, shelf) => sum + shelf.size, 0),
  };
}

/** Blocks, bounded: two maps, of which the older is dropped when the younger is full. What it held is lost, never doubled. */
class BlockShelf {
  readonly #max: number;
  #young = new Map<string, Block>();
  #old = new Map<string, Block>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(name: string): Block | undefined {
    return this.#young.get(name) ?? this.#old.get(name);
  }

  put(name: string, block: Block): void {
    if (this.#young.get(name) === block) return;
    if (this.#young.size >= this.#max / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#old.delete(name);
    this.#young.set(name, block);
  }

  *all(): Generator<Block> {
    yield* this.#young.values();
    yield* this.#old.values();
  }
}

async function giveBack(store: LimitStore, blocks: BlockShelf): Promise<void> {
  const held: Block[] = [];
  for (const block of blocks.all()) {
    if (block.policy.algorithm === "fixed" && block.held > 0) held.push(block);
    if (held.length >= GIVEN_BACK_MAX) break;
  }
  const returns = held.map(async (block) => {
    const tokens = block.held;
    block.held = 0;
    await store.giveBack({ name: block.name, policy: block.policy, window: block.window }, tokens);
  });
  // A store that is away keeps them: they are lost to their callers, and nothing is counted twice.
  await Promise.allSettled(returns);
}
