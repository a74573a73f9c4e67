import type { PluginContext, Tx } from "portico/kernel";
import type { KeyRecord } from "./record.ts";
import type { KeyTables } from "./tables.ts";

const FLUSH_MS = 30_000;
const DAY_MS = 86_400_000;
const BATCH = 200;

/**
 * Writes down how often and when keys were used, behind the requests and outside the promise of the store: a crash loses
 * the last half minute of it. One transaction a batch, one time for the batch: the column says when within half a minute.
 */
export class LastUsed {
  readonly #ctx: PluginContext;
  #used: KeyRecord[] = [];
  #cancel: (() => void) | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(ctx: PluginContext) {
    this.#ctx = ctx;
  }

  /** Notes a use: an addition where the key is noted already. */
  note(record: KeyRecord): void {
    record.uses += 1;
    if (record.uses > 1) return;
    this.#used.push(record);
    if (this.#cancel !== undefined) return;
    // Not beyond midnight: what is written counts for the day on which it is written.
    const { clock } = this.#ctx;
    const leftOfDay = DAY_MS - (clock.now() % DAY_MS);
    const waitMs = Math.min(FLUSH_MS, Math.max(1, leftOfDay - 1));
    this.#cancel = clock.after(waitMs, () => void this.flush());
  }

  /** Writes all that is noted. Settles in any case. */
  flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    const used = this.#used;
    this.#used = [];
    const noted = used.map((record): Noted => {
      const { id, organization, uses, owner } = record;
      record.uses = 0;
      return { id, organization, uses, isPrevious: owner !== undefined };
    });
    this.#flushing = this.#flushing.then(() => this.#write(noted));
    return this.#flushing;
  }

  async #write(used: readonly Noted[]): Promise<void> {
    const at = Math.floor(this.#ctx.clock.now());
    const byOrganization = Map.groupBy(used, (each) => each.organization);
    for (const [organization, all] of byOrganization) {
      for (let start = 0; start < all.length; start += BATCH) {
        const batch = all.slice(start, start + BATCH);
        try {
          await this.#writeBatch(organization, batch, at);
        } catch (error) {
          // The next use notes the keys again; losing one note harms nobody.
          this.#ctx.logger.warn(
            { error, count: batch.length },
            "The last use of keys was not written",
          );
        }
      }
    }
  }

  #writeBatch(organization: string, batch: readonly Noted[], at: number): Promise<void> {
    const origin = this.#ctx.newOrigin("portico");
    const previous = batch.filter(({ isPrevious }) => isPrevious);
    return this.#ctx.store.transaction({ scope: { organization }, origin }, async (tx) => {
      await touch(tx, { ids: batch.map(({ id }) => id), at, column: "last_used_at" });
      if (previous.length > 0) {
        await touch(tx, { ids: previous.map(({ id }) => id), at, column: "previous_used_at" });
      }
      await addUses(tx, organization, { batch, day: dayOf(at) });
    });
  }
}

interface Noted {
  readonly id: string;
  readonly organization: string;
  readonly uses: number;
  readonly isPrevious: boolean;
}

/** The day of a moment, in UTC: `2026-01-31`. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

interface Touched {
  readonly ids: readonly string[];
  readonly at: number;
  readonly column: "last_used_at" | "previous_used_at";
}

async function touch(tx: Tx, { ids, at, column }: Touched): Promise<void> {
  await tx
    .db<KeyTables>()
    .updateTable("keys_keys")
    .set({ [column]: at })
    .where("id", "in", ids)
    .where((where) => where.or([where(column, "is", null), where(column, "<", at)]))
    .execute();
}

async function addUses(
  tx: Tx,
  organization: string,
  { batch, day }: { readonly batch: readonly Noted[]; readonly day: string },
): Promise<void> {
  const byKey = Map.groupBy(batch, ({ id }) => id);
  // In one order everywhere: two processes that write the same keys must not wait for each other in a ring.
  const rows = [...byKey]
    .map(([id, all]) => ({
      organization,
      key_id: id,
      day,
      uses: all.reduce((sum, { uses }) => sum + uses, 0),
    }))
    .toSorted((one, other) => (one.key_id < other.key_id ? -1 : 1));
  await tx
    .db<KeyTables>()
    .insertInto("keys_usage")
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(["organization", "key_id", "day"]).doUpdateSet((set) => ({
        uses: set("keys_usage.uses", "+", set.ref("excluded.uses")),
      })),
    )
    .execute();
}
